#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Saved in the middle of a storm of fork, exec and mmap, and restored in a new process, again and again:
test_storm.py ROUNDS. The table that was saved is the one the guest had when it stood still."""
import os
import random
import re
import sys
import time

from papyrtest import Guest, autorun, built, check, debian, fail, papyr, workdir

BEAT = r'storm (\d+): (\d+) forks, (\d+) execs, (\d+) maps, (\d+) checks, (\d+) register checks'
BAD = r"CORRUPT.*|Kernel panic.*|Oops.*|storm can't go on.*|segfault.*|Unable to handle.*|BUG:.*"

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
seed = int(os.environ.get('PAPYR_SEED', time.time()))
print(f'PAPYR_SEED={seed}')
random.seed(seed)
folder = workdir()
image = os.path.join(folder, 'image')
end = time.monotonic() + int(os.environ.get('PAPYR_STORM_SECONDS', '100000'))


def beats(guest, n):
    """Waits until the storm has told of itself so often; returns its counts."""
    for _ in range(n):
        found = guest.expect(BEAT + r'\r?\n', 60, never=BAD)
    return [int(x) for x in found.groups()]


def compare_tables(live, saved):
    live, saved = live.splitlines(), saved.splitlines()
    if live == saved:
        return
    for a, b in zip(live, saved):
        if a != b:
            fail(f'the saved table differs: {b!r}, live {a!r}')
    fail(f'the saved table has {len(saved)} lines, the live one {len(live)}')


script = autorun(folder, 'exec /root/storm 4')
guest = debian(folder, cpus='2', memory='256M', files=[script, built('storm')], more=['--name', 'storm0'])
last = beats(guest, 3)
for n in range(rounds):
    # Anywhere in the storm, not just after a beat.
    time.sleep(random.uniform(0, 1.2))
    name = f'storm{n}'
    papyr('pause', name)
    live = papyr('htab', 'dump', name)[0]
    papyr('save', name, image)
    compare_tables(live, papyr('htab', 'dump', image)[0])
    guest.wait_for_status(0)
    check(not re.search(BAD, guest.text), f'round {n}: ' + guest.text[-2000:])
    guest = Guest(['run', '--restore', image, '--name', f'storm{n + 1}'])
    now = beats(guest, 2)
    check(now[0] > last[0] and all(a >= b for a, b in zip(now, last)),
          f'round {n}: the guest went back, from {last} to {now}')
    last = now
    size = os.path.getsize(image)
    print(f'round {n}: image of {size >> 20} MiB, storm at {now}', flush=True)
    os.unlink(image)
    if time.monotonic() > end:
        fail(f'only {n + 1} rounds in the time given')
# All of it moved on in the end.
now = beats(guest, 6)
check(all(a > b for a, b in zip(now, last)), f'something stands still: {last}, {now}')
papyr('stop', f'storm{rounds}')
guest.wait_for_status(0)
