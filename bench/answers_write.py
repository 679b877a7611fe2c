# SPDX-License-Identifier: Apache-2.0
"""The tables and plots of docs/answers.md, made of what bench/answers measured."""
import os
import re
import shutil
import subprocess
import sys

import answers_streams
from benchlib import TOP

PAGE = os.path.join(TOP, 'docs', 'answers.md')
RATE_NAMES = {'100mbit': '100 Mbit/s', '1gbit': '1 Gbit/s', '10gbit': '10 Gbit/s'}
WORK_NAMES = {'idle': 'idle', 'storm': 'storm of fork, exec, mmap', 'compile': 'gcc -O2'}
FULL_BYTES = 16 << 20


def num(x):
    if x >= 100 or x == int(x):
        return f'{x:,.0f}'
    return f'{x:.1f}' if x >= 10 else f'{x:.2g}'


def ms(s, worst=True):
    return f"{num(s['median'])} ({num(s['max'])})" if worst else num(s['median'])


def spread(s):
    return ', '.join(num(s[key]) for key in ('min', 'median', 'max'))


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|---' + '|---:' * (len(head) - 1) + '|']
    return lines + ['| ' + ' | '.join(str(c) for c in row) + ' |' for row in rows]


def machine_line(m):
    return [f"Measured {m['date']} on {m['cpus']} cores of {m['cpu']}, Linux {m['kernel']}, load {m['load']:.1f} when it began; "
            f"guests: {m['guest'].split()[0].removeprefix('linux-image-')}, "
            f"{m['guest_cpus']} vcpu{'s' if m['guest_cpus'] > 1 else ''}, {m['memory']}, POWER8."]


def changes(f):
    rows = []
    for work, name in WORK_NAMES.items():
        gaps = f[work]['gaps']
        rows.append([name] + [ms(gaps[g]['entries']) for g in gaps] +
                    [num(gaps['10']['sum_entries'] / f[work]['seconds'])])
    yield 'changes', machine_line(f['machine']) + [''] + table(
        ['entries told of in a pass'] + [f'{g} ms' for g in f['idle']['gaps']] + ['a second, passes of 10 ms'], rows)
    rows = []
    for work, thing in (('storm', 'fork or exec'), ('compile', 'file compiled')):
        r = f[work]
        rows.append([f'{WORK_NAMES[work]}, a {thing}', f"{num(r['done'])} in {num(r['seconds'])} s"] +
                    [num(r['gaps'][gap]['sum_entries'] / r['done']) if r['done'] else '-' for gap in ('10', '1000')])
    yield 'work', table(['', 'done', 'entries each, passes of 10 ms', 'passes of 1 s'], rows)
    rows = []
    for work, name in WORK_NAMES.items():
        for gap, s in f[work]['stopped'].items():
            rows.append([name, gap + ' ms', ms(s['entries']), ms(s['bytes']), ms(s['ms']), ms(s['stop_ms'])])
    yield 'stopped', table(['', 'since the pass before', 'entries', 'bytes', 'ms to read them',
                            'ms to stop the vcpus'], rows)


def size(order):
    n = 1 << order
    return f'{n >> 20} MiB' if n >= 1 << 20 else f'{n >> 10} KiB'


def format_of(f):
    first, later = [], []
    for g in f['guests']:
        name, s, order = f"{WORK_NAMES[g['work']]}, {size(g['order'])}", g['first'], g['order']
        first.append([name, f"{100 * s['valid'] / s['entries']:.1f} %", num(s['records']), num(s['bytes']),
                      num(24 * s['valid']), num(1 << order)])
        s = g['later']
        if s['entries']:
            later.append([name, num(s['entries'] / g['passes']), f"{100 * s['invalid'] / s['entries']:.0f} %",
                          num(s['bytes'] / s['entries']), '24', num(s['index_short'] / s['entries'])])
    for g in f['synthetic']:
        s = g['first']
        first.append([f"random pages, {g['percent']:g} %", f"{100 * s['valid'] / (1 << 20):.1f} %", num(s['records']),
                      num(8 * s['records'] + 16 * s['valid']), num(24 * s['valid']), num(FULL_BYTES)])
        for c in g['later']:
            entries = c['valid'] + c['invalid']
            if g['percent'] in (3, 50, 100) and c['changes'] in (1000, 100000):
                later.append([f"random pages, {g['percent']:g} %", num(entries), f"{100 * c['invalid'] / entries:.0f} %",
                              num((8 * c['records'] + 16 * c['valid']) / entries), '24',
                              num((24 * c['valid'] + 8 * c['invalid']) / entries)])
    yield 'first', machine_line(f['machine']) + [''] + table(
        ['first pass', 'fill', 'records', 'run lengths: bytes', 'index: bytes', 'whole table: bytes'], first)
    yield 'later', table(['later passes', 'entries a pass', 'of them empty', 'run lengths: bytes an entry',
                          'index', 'index, empty ones 8'], later)
    yield 'apply', table(['least, median, worst of 7', 'ms to read the first pass', 'ms to write it to a new table'],
                         [[f"{g['percent']:g} %", spread(g['read_ms']), spread(g['apply_ms'])] for g in f['synthetic']])


def downtime(f):
    rows = []
    for rate, name in RATE_NAMES.items():
        r = f[rate]
        rows.append([name, ms(r['raw']['ms']), ms(r['full']['ms']), ms(r['half']['ms']), ms(r['storm']['whole']['ms']),
                     ms(r['storm']['live']['ms'])])
    yield 'downtime', machine_line(f['machine']) + [''] + table(
        ['ms: median (worst)', '16 MiB as they are', 'stream, table full', 'stream, half full', "storm's table, whole",
         "storm's table, live passes"], rows)


def migrate(f):
    rows = []
    for key, s in f.items():
        if key != 'machine':
            work, rate = key.split()
            rows.append([f'{WORK_NAMES[work]}, {RATE_NAMES[rate]}', f"{s['ms']['n']} of {s['tried']}", ms(s['ms']),
                         ms(s['table_ms']), ms(s['entries']), ms(s['pages']), ms(s['passes'], False),
                         f"{num(s['slowed']['median'])} %", num(s['total_ms']['median'] / 1000)])
    yield 'migrate', machine_line(f['machine']) + [''] + table(
        ['median (worst)', 'moves', 'ms stopped', "the table's part, ms", 'entries then', '4 KiB pages then', 'passes',
         'slowed by', 's in all'], rows)


STREAM_NAMES = {'plain1': 'a plain socket', 'plain2': 'two plain sockets', 'papyr': 'papyr migrate',
                'tls': 'papyr migrate, TLS', 'zstd': 'small numbers: papyr migrate', 'raw': 'the same, --no-compress'}
LINK_NAMES = {'veth': 'no limit', '10gbit': '10 Gbit/s'}
KIND_NAMES = {'kernel': 'kernel', 'hash': 'XXH3', 'copy': 'copying', 'zero': 'looking for zeroes', 'compress': 'zstd',
              'cipher': 'TLS', 'rest': 'the rest'}


def streams(f):
    rows = []
    for kind, name in STREAM_NAMES.items():
        for rate, at in LINK_NAMES.items():
            s = f['rows'][f'{rate} {kind}']
            ends = [s[f'{end}_{part}'] for end in ('near', 'far') for part in ('user', 'kernel')]
            rows.append([f'{name}, {at}', f"{num(s['rate'])} ({num(s['low'])})"] + [f'{x:.2f}' for x in ends])
    # Guests of its own, larger and with one vcpu.
    m = {**f['machine'], 'guest_cpus': 1, 'memory': answers_streams.MEMORY}
    yield 'streams', machine_line(m) + [''] + table(
        ['', "MB of memory a second (worst)", "source's s a GB: its own", 'in the kernel', "destination's: its own",
         'in the kernel'], rows)
    rows = []
    for kind, name in KIND_NAMES.items():
        shares = [side.get(kind, 0) for way in ('papyr', 'tls') for side in f['perf'][way]]
        rows.append([name] + [f'{100 * share:.0f} %' for share in shares])
    yield 'where', table(['of the thread that migrates', 'source', 'destination', 'source, TLS', 'destination, TLS'], rows)


PARTS = {'streams': streams, 'changes': changes, 'format': format_of, 'downtime': downtime, 'migrate': migrate}


def tables(figures, write):
    page = ''
    if write:
        with open(PAGE) as f:
            page = f.read()
    for part, make in PARTS.items():
        for name, lines in make(figures[part]) if part in figures else ():
            text = '\n'.join(lines)
            print(f'{name}\n\n{text}\n')
            page = re.sub(rf'(<!-- {name} -->\n).*?(<!-- end -->)', lambda m: m[1] + text + '\n' + m[2], page,
                          flags=re.DOTALL)
    if write:
        with open(PAGE, 'w') as f:
            f.write(page)


# ---- Plots ----

def gnuplot(name, commands, data):
    """@data: blocks of rows, numbered from 0."""
    if not shutil.which('gnuplot'):
        sys.exit('no gnuplot (Debian: gnuplot-nox): tools/need bench')
    blocks = ''.join(f'$d{i} << EOD\n' + ''.join(' '.join(map(str, row)) + '\n' for row in block) + 'EOD\n'
                     for i, block in enumerate(data))
    head = f'''set terminal svg size 760,400 dynamic font "sans-serif,13" background "#ffffff"
set output "{os.path.join(TOP, 'docs', name)}"
set grid ytics lc rgb "#dddddd"
set border 3 lc rgb "#666666"
set tics nomirror
set format y "%.0s%c"
'''
    subprocess.run(['gnuplot'], input=head + blocks + commands, text=True, check=True)


def plot_changes(f):
    works = ('storm', 'compile')
    data = [[[g, max(s['entries']['median'], 0.1), max(s['entries']['low'], 0.1), s['entries']['high'],
              max(s['entries']['max'], 0.1)]
             for g, s in f[work]['gaps'].items()] for work in works]
    lines = []
    for i, (work, color) in enumerate(zip(works, ('#c0392b', '#2471a3'))):
        lines += [f'$d{i} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.6 lc rgb "{color}" title '
                  f'"{WORK_NAMES[work]}: median and quartiles"',
                  f'$d{i} using 1:5 with lines dt 2 lc rgb "{color}" title "most"']
    gnuplot('answers-changes.svg', '''set logscale xy
set format y "%g"
set yrange [0.1:500000]
set xrange [9:1100]
set ytics ("0" 0.1, 1, 10, 100, 1000, 10000)
set xlabel "ms since the pass before"
set ylabel "entries told of in a pass"
set xtics (10, 30, 100, 300, 1000)
set key top left
plot ''' + ', '.join(lines) + '\n', data)


def plot_format(f):
    rows = [[g['percent'], 8 * g['first']['records'] + 16 * g['first']['valid'], 24 * g['first']['valid']]
            for g in f['synthetic']]
    guests = [[100 * g['first']['valid'] / g['first']['entries'], g['first']['bytes'] * 2 ** (24 - g['order'])]
              for g in f['guests']]
    gnuplot('answers-format.svg', f'''set xlabel "entries valid, % of the table"
set ylabel "bytes of the first pass"
set format y "%.0f M"
set key top left
set yrange [0:30]
plot $d0 using 1:($3/1e6) with linespoints lw 2 pt 7 ps 0.5 lc rgb "#c0392b" title "an index in every entry", \\
 $d0 using 1:($2/1e6) with linespoints lw 2 pt 7 ps 0.5 lc rgb "#2471a3" title "run lengths, random pages", \\
 $d1 using 1:($2/1e6) with points pt 2 ps 1 lw 2 lc rgb "#1e8449" title "run lengths, guests (scaled to 16 MiB)", \\
 {FULL_BYTES / 1e6} with lines dt 2 lc rgb "#666666" title "the table as it is"
''', [rows, guests])


def plot_downtime(f):
    kinds = [('raw', '16 MiB as they are', '#7f8c8d'), ('full', 'stream, table full', '#c0392b'),
             ('whole', "storm's table, whole", '#d68910'), ('live', "storm's table, live passes", '#2471a3')]

    def value(rate, kind):
        r = f[rate]
        return (r[kind] if kind in r else r['storm'][kind])['ms']
    data = [[[f'"{name}"'] + [value(rate, kind)[k] for k in ('median', 'low', 'high')]
             for rate, name in RATE_NAMES.items()] for kind, _, _ in kinds]
    plots = ', '.join(f'$d{i} using 2:3:4:xtic(1) lc rgb "{color}" title "{title}"'
                      for i, (_, title, color) in enumerate(kinds))
    gnuplot('answers-downtime.svg', f'''set style data histogram
set style histogram errorbars gap 1 lw 1
set style fill solid border -1
set boxwidth 0.9
set logscale y
set yrange [0.3:5000]
set format y "%g"
set ylabel "ms that the guest stands still"
set key top right
plot {plots}, 30 with lines dt 2 lc rgb "#666666" title "30 ms", 5 with lines dt 3 lc rgb "#666666" title "5 ms"
''', data)


def plots(figures):
    for part, plot in (('changes', plot_changes), ('format', plot_format), ('downtime', plot_downtime)):
        if part in figures:
            plot(figures[part])
