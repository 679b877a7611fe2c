# SPDX-License-Identifier: Apache-2.0
"""What bench/real and bench/small print of their figures, and bench/history.csv, where figures stay: one line for each
program of a run, with --record."""
import csv
import datetime
import json
import math
import os
import platform
import subprocess

import benchlib as b

HISTORY = os.path.join(b.TOP, 'bench', 'history.csv')
COLUMNS = ('date', 'commit', 'machine', 'name', 'papyr', 'qemu', 'user')
WORSE = 0.1


def options(parser):
    parser.add_argument('--record', action='store_true', help='add the figures to bench/history.csv')
    parser.add_argument('--history', default=HISTORY, help='another file than bench/history.csv')


def machine():
    """The host's processor, and how many of it are used."""
    name = platform.machine()
    try:
        with open('/proc/cpuinfo') as f:
            name = next(line.split(':', 1)[1].strip() for line in f if line.startswith('model name'))
    except (OSError, StopIteration):
        pass
    return f'{name} x{len(os.sched_getaffinity(0))}'


def commit():
    got = subprocess.run(['git', '-C', b.TOP, 'describe', '--always', '--dirty=+', '--exclude=*', '--abbrev=10'],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return got.stdout.strip() or 'unknown'


def last_ratios(path, where):
    """QEMU's time through Papyr's of each name, as it was last recorded on the machine."""
    ratios = {}
    if os.path.exists(path):
        with open(path, newline='') as f:
            for line in csv.DictReader(f):
                if line['machine'] == where and line['papyr'] and line['qemu']:
                    ratios[line['name']] = (float(line['qemu']) / float(line['papyr']), line['date'], line['commit'])
    return ratios


def record(path, where, rows):
    new = not os.path.exists(path)
    date = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M')
    made = commit()
    with open(path, 'a', newline='') as f:
        out = csv.writer(f, lineterminator='\n')
        if new:
            out.writerow(COLUMNS)
        for row in rows:
            seconds = ['' if row[side] is None else f'{row[side]:.6g}' for side in ('papyr', 'qemu', 'user')]
            out.writerow([date, made, where, row['name'], *seconds])


class Results:
    """Seconds of each program's runs, by side, and its answers."""

    def __init__(self):
        self.seconds = {}
        self.answers = {}

    def add(self, side, name, figure):
        if figure is None or figure[1] is None:
            return
        self.seconds.setdefault(name, {}).setdefault(side, []).append(figure[0])
        self.answers.setdefault(name, {}).setdefault(side, set()).add(figure[1])

    def rows(self, names):
        return [row_of(name, self.seconds[name], self.answers[name]) for name in names if name in self.seconds]


def row_of(name, seconds, answers):
    """A program's figures: the least of each side's seconds; its ratios, above 1 where Papyr is faster, of these and of each
    round. If the answers differ it has none."""
    row = {'name': name, 'same': len(set().union(*answers.values())) == 1, 'low': None, 'high': None}
    for side in ('papyr', 'qemu', 'user'):
        row[side] = min(seconds[side]) if row['same'] and seconds.get(side) else None
    for side in ('qemu', 'user'):
        row[f'{side}_ratio'] = row[side] / row['papyr'] if row[side] and row['papyr'] else None
    if row['qemu_ratio']:
        rounds = b.ratios(seconds['qemu'], seconds['papyr'])
        row['low'], row['high'] = min(rounds), max(rounds)
    return row


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def summary(rows):
    """Means and the worst, of all that have a ratio."""
    found = {}
    for side in ('qemu', 'user'):
        ratios = [(row[f'{side}_ratio'], row['name']) for row in rows if row[f'{side}_ratio']]
        if ratios:
            found[side] = {'mean': mean([r for r, _ in ratios]), 'of': len(ratios), 'worst': min(ratios)[1],
                           'worst_ratio': min(ratios)[0]}
    return found


def worse_than_last(rows, last):
    """Programs whose ratio fell by more than a tenth."""
    return [{'name': row['name'], 'ratio': row['qemu_ratio'], 'was': last[row['name']][0], 'date': last[row['name']][1],
             'commit': last[row['name']][2]} for row in rows
            if row['qemu_ratio'] and row['name'] in last and row['qemu_ratio'] < last[row['name']][0] * (1 - WORSE)]


def show(title, args, rows, sums, worse, extra):
    """The table, for people. @extra: (heading, key of the row) of further columns."""
    print(f'{title} (the least of {args.rounds}; ratios above 1: Papyr is faster; spread: of the rounds)\n')
    lines = []
    for row in rows:
        lines.append([row['name']] + [b.number(row[k]) for k in ('qemu', 'papyr', 'qemu_ratio', 'low', 'high', 'user',
                                                                 'user_ratio', *[key for _, key in extra])] +
                     ['' if row['same'] else 'ANSWERS DIFFER'])
    b.table(['', 'QEMU s', 'Papyr s', 'QEMU/Papyr', 'low', 'high', 'qemu-user s', 'user/Papyr',
             *[heading for heading, _ in extra], ''], lines)
    for side, text in (('qemu', "QEMU's TCG"), ('user', 'qemu-user')):
        if side in sums:
            s = sums[side]
            print(f"beside {text}: geometric mean {s['mean']:.2f} of {s['of']}, worst {s['worst']} {s['worst_ratio']:.2f}")
    for w in worse:
        print(f"WORSE: {w['name']} {w['ratio']:.2f}, was {w['was']:.2f} on {w['date']} ({w['commit']})")


def tell(args, title, rows, extra=()):
    """Prints the rows, records them if that is asked for, and returns the exit status: 1 if answers differ, or, with
    --check, if something is worse than at the last record."""
    where = machine()
    worse = worse_than_last(rows, last_ratios(args.history, where))
    sums = summary(rows)
    if args.json:
        print(json.dumps({'title': title, 'rounds': args.rounds, 'machine': where, 'commit': commit(), 'rows': rows,
                          'summary': sums, 'worse': worse}, indent=1))
    else:
        show(title, args, rows, sums, worse, extra)
    if args.record:
        record(args.history, where, rows)
    return 1 if any(not row['same'] for row in rows) or args.check and worse else 0
