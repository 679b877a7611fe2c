#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr htab and papyr top on a running Debian, and on the same after it was saved."""
import csv
import io
import json
import os

from papyrtest import autorun, check, debian, forgive_fonts, papyr, workdir

folder = workdir()
os.chdir(folder)
forgive_fonts(folder)
LOAD = 'while :; do for i in 1 2 3 4 5 6 7 8; do cat /proc/*/status >/dev/null 2>&1; done; echo round; done'
guest = debian(folder, cpus='2', files=(autorun(folder, LOAD),), more=('--name', 'htab'))
guest.expect('round', 60)


def report(*args, status=0):
    return json.loads(papyr('htab', *args, '--json', status=status)[0])


def check_stat(what):
    stat = report('stat', what)
    entries = stat['entries']
    check(entries == 1 << (stat['order'] - 4), f'{what}: {entries} entries in 2^{stat["order"]} bytes')
    check(stat['bolted'] > 100 and stat['bolted'] <= stat['valid'], f'{what}: no bolted entries: {stat}')
    check(sum(stat['pages'].values()) == stat['valid'], f'{what}: pages: {stat}')
    check(stat['segments-1t'] + stat['segments-256m'] == stat['valid'], f'{what}: segments: {stat}')
    groups = stat['groups-by-entries']
    check(sum(groups) == entries // 8, f'{what}: groups: {groups}')
    check(sum(n * g for n, g in enumerate(groups)) == stat['valid'], f'{what}: groups: {groups}')
    check(str(stat['valid']) in papyr('htab', 'stat', what)[0].decode() or what == 'htab', f'{what}: text')
    return stat


# A table that is read while it changes may have a page twice: once before it moved, once after.
check_stat('htab')
papyr('pause', 'htab')
live = check_stat('htab')
check(report('verify', 'htab')['clean'], 'the running guest has a wrong table')
lines = papyr('htab', 'dump', 'htab', '--json')[0].decode().splitlines()
check(len(lines) == live['valid'], f'dump has {len(lines)} lines of {live["valid"]}')
rows = list(csv.DictReader(io.StringIO(papyr('htab', 'dump', '--csv', 'htab')[0].decode())))
check(len(rows) == live['valid'], f'dump --csv has {len(rows)} rows')
for row, line in zip(rows, lines):
    entry = json.loads(line)
    check(int(row['index']) == entry['index'] and row['v'] == entry['v'] and row['r'] == entry['r'],
          f'{row} is not {line}')

# The image is the same table, and a running guest soon has another.
papyr('save', 'htab', 'saved', '--keep-running')
check(report('diff', 'htab', 'saved')['same'] == live['valid'], 'a saved table is another')
check_stat('./saved')
check(report('verify', './saved')['clean'], 'a saved guest has a wrong table')
papyr('resume', 'htab')
for _ in range(3):
    guest.expect('round')
papyr('pause', 'htab')
diff = report('diff', './saved', 'htab', status=4)
check(diff['added'] + diff['removed'] + diff['changed'] == len(diff['entries']), 'diff: entries are missing')
check(all(e['what'] for e in diff['entries'] if e['kind'] == 'changed'), 'diff: changed by nothing')
text = papyr('htab', 'diff', './saved', 'htab', status=4)[0].decode()
check(f'{diff["same"]} same, {diff["added"]} added' in text, f'diff: {text[-200:]}')
papyr('resume', 'htab')

# Pictures.
papyr('htab', 'plot', './saved')
papyr('htab', 'plot', 'htab', '--seconds', '2', '-o', 'live.png', '-o', 'live.svg')
for name, head in ('saved-htab.png', b'\x89PNG'), ('saved-htab.svg', b'<?xml'), ('live.png', b'\x89PNG'), ('live.svg', b'<?xml'):
    check(open(name, 'rb').read().startswith(head), f'{name} is no picture')
check('png or .svg' in papyr('htab', 'plot', 'htab', '-o', 'x.gif', status=1)[1], 'a picture as .gif')

# Mistakes say what they are.
for args in ([], ['stat'], ['diff', 'htab'], ['stat', 'htab', 'htab'], ['what', 'htab'], ['stat', 'nobody'],
             ['stat', '/dev/null'], ['stat', '/etc/passwd'], ['stat', 'htab', '--csv']):
    check(papyr('htab', *args, status=1)[1].startswith('papyr'), f'htab {args} says nothing')
with open('cut', 'wb') as f:
    f.write(open('saved', 'rb').read()[:100000])
papyr('htab', 'verify', './cut', status=1)
for what in 'htab', './saved':
    check('papyr htab' in papyr('tlb', 'dump', what, status=1)[1], f'tlb dump {what} does not say what there is')

# Rates.
looks = [json.loads(line) for line in papyr('top', '--json', '-n', '3', '-d', '0.5')[0].splitlines()]
check(len(looks) == 3, f'top -n 3 gave {len(looks)} lines')
for look in looks:
    check(look['name'] == 'htab' and len(look['vcpus']) == 2, f'top: {look}')
    check(all(v['nip'].startswith('0x') for v in look['vcpus']), f'top: no nip in {look}')
check(any(look['htab-changes-per-s'] > 0 for look in looks), f'top: the table never changes: {looks}')
check(any(v['busy'] > 0.01 for look in looks for v in look['vcpus']), f'top: nobody is busy: {looks}')
check(any(look['hypercalls-per-s'] > 0 for look in looks), f'top: no hypercalls: {looks}')
check(any(look['dirty-bytes-per-s'] > 0 for look in looks), f'top: no memory is written: {looks}')
check(any(v['kvm-per-s'].get('blocks_decoded', 0) > 0 for look in looks for v in look['vcpus']),
      f'top: nothing is decoded: {looks}')
check(any(v['engine']['instructions-per-s'] > v['engine']['turns-per-s'] > 0 for look in looks for v in look['vcpus']),
      f'top: no instructions: {looks}')
check(any(v['engine']['pages-missed-per-s'] >= v['engine']['table-searches-per-s'] > 0 and v['engine']['translating'] > 0
          for look in looks for v in look['vcpus']), f'top: the caches lack nothing: {looks}')
check('terminal' in papyr('top', 'htab', status=1)[1], 'top without a terminal')
papyr('top', 'nobody', '--json', status=1)

papyr('stop', 'htab')
guest.wait_for_status(0)
