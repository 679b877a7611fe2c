#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bench/real --quick runs, again and again, while its guest moves to and fro: test_moved_bench.py MOVES. No answer is
another than before the first move, and the guest's clock misses no more than it may."""
import os
import random
import re
import shutil
import statistics
import sys
import time
from types import SimpleNamespace

from realtest import NEVER
from papyrtest import BUILT, CMDLINE, PATIENCE, TOP, Guest, check, fetch, papyr, skip, workdir
from migratetest import GAP, Local, gap_at, migrate, usual_gap, wait_listening

sys.path.insert(0, os.path.join(TOP, 'bench'))
from real_guest import make_initrd, make_list, make_ours, userland  # noqa: E402
from real_programs import PROGRAMS  # noqa: E402

TIMED = r'timed (\S+) (\d+) (\d+) ([0-9a-f]{16})\r?\n'
# Half of the moves stay below the one, all below the other: a busy host has long pauses of its own.
MEDIAN_MS, WORST_MS = 25, 500

moves = int(sys.argv[1])
seed = int(os.environ.get('PAPYR_SEED', time.time()))
print(f'PAPYR_SEED={seed}')
random.seed(seed)
names = {p.name for p in PROGRAMS if p.quick}


def initrd(folder):
    """bench/real's, whose list is gone through without end beside what watches the clock."""
    archive = userland('bench')
    if not archive:
        skip("Debian's programs can't be had")
    build = os.path.dirname(os.path.dirname(BUILT))
    root = os.path.join(folder, 'root')
    make_ours(SimpleNamespace(build=build), root)
    gap = os.path.join(build, 'tests', 'guest', 'gap')
    if not os.path.exists(gap):
        skip('gap was not built: no compiler for it')
    shutil.copy(gap, os.path.join(root, 'bench', 'gap'))
    make_list(root, [p for p in PROGRAMS if p.name in names])
    with open(os.path.join(root, 'bench', 'list'), 'r+') as f:
        lines = f.read()
        f.seek(0)
        f.write(f'/bench/gap &\nwhile :; do\n{lines}done\n')
    return make_initrd(folder, root, archive)


def look(guest, lines):
    """Waits for so many looks at the clock."""
    for _ in range(lines):
        guest.expect(GAP, 60, never=NEVER)


def a_pass(guest):
    """Waits until each program has ended once more."""
    missing = set(names)
    while missing:
        found = guest.expect(TIMED, 300, never=NEVER)
        missing.discard(found[1])


def move(guest, n):
    """Returns the guest where it is now, the downtime by the source, and what its clock missed."""
    uri = link.uri(n)
    there = Guest(['run', '--incoming', uri, '--name', f'stay{n}'])
    wait_listening(uri)
    usual.append(usual_gap(guest))
    # The source ends later: its memory's end would take a processor from the guest, which has another host's otherwise.
    status, value, said = migrate(f'stay{n - 1}', uri, '--keep', '--throttle', '90', seconds=300)
    check(status == 0, f'move {n}: {said}')
    look(there, 3)
    papyr('stop', f'stay{n - 1}')
    guest.wait_for_status(0)
    clock = gap_at(there, value['x-papyr']['stop-timebase'])
    downtime = value['x-papyr']['downtime-ms']
    print(f'move {n}: downtime {downtime:.1f} ms, the guest missed {clock:.1f} ms, {value["total-time"]} ms in all, slowed '
          f'{value.get("cpu-throttle-percentage", 0)} %', flush=True)
    return there, downtime, clock


folder = workdir()
link = Local(folder)
guest = Guest(['run', '-k', fetch('kernel'), '-i', initrd(folder), '-p', f'{CMDLINE} quiet', '-m', '2G', '-c', '2',
               '--name', 'stay0'])
usual, source_ms, clock_ms, told = [], [], [], []
a_pass(guest)
right = {name: answer for name, _, status, answer in re.findall(TIMED, guest.text)}
before, begin = len(re.findall(TIMED, guest.text)), time.monotonic()
for n in range(1, moves + 1):
    time.sleep(random.uniform(0, 1.5))
    there, source, clock = move(guest, n)
    told.append(guest.text)
    source_ms.append(source)
    clock_ms.append(clock)
    guest = there
seconds = time.monotonic() - begin
meanwhile = len(re.findall(TIMED, ''.join(told) + guest.text)) - before
a_pass(guest)
papyr('stop', f'stay{moves}')
guest.wait_for_status(0)
# What a program tells may be in two pieces, here and there.
ended = re.findall(TIMED, ''.join(told) + guest.text)
wrong = {(name, status, answer) for name, _, status, answer in ended if status != '0' or answer != right[name]}
print(f'{moves} moves in {seconds:.0f} s, in which {meanwhile} programs ended, of {len(ended)} in all: downtime by the '
      f'source: median {statistics.median(source_ms):.1f}, worst {max(source_ms):.1f} ms; missed by the guest\'s clock: median '
      f'{statistics.median(clock_ms):.1f}, worst {max(clock_ms):.1f} ms, where it usually misses {statistics.median(usual):.1f} ms')
check(not wrong, f'other answers: {wrong}, right are {right}')
check(statistics.median(clock_ms) <= MEDIAN_MS * PATIENCE and max(clock_ms) <= WORST_MS * PATIENCE, 'it stood still for too long')
