#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest of two vcpus in a storm of fork, exec and mmap is moved to and fro: test_migrate.py MOVES unix|tcp.
tcp: over a wire of 1 Gbit/s between two network name spaces. Every move arrives, and what the guest keeps
checksums of holds."""
import re
import statistics
import sys

from migratetest import BAD, Link, Local, beats, gap_at, migrate, storm_guest, usual_gap, wait_listening
from papyrtest import Guest, check, fail, papyr, workdir

moves = int(sys.argv[1])
kind = sys.argv[2]
folder = workdir()
link = Link() if kind == 'tcp' else Local(folder)
guest = storm_guest(folder, 'move0', link.prefix(0))
last = beats(guest, 2)
source_ms, guest_ms, clock_ms, usual = [], [], [], []
for n in range(1, moves + 1):
    uri = link.uri(n)
    there = Guest(['run', '--incoming', uri, '--name', f'move{n}'], link.prefix(n))
    wait_listening(uri, link.prefix(n))
    # On a fast and quiet host the storm changes more than the wire carries: it is slowed down then.
    # The source ends later: its memory's end would take a processor from the guest, which has another host's otherwise.
    status, value, said = migrate(f'move{n - 1}', uri, '--keep', '--throttle', '90', prefix=link.prefix(n - 1))
    if status:
        fail(f'move {n}: {said}')
    check(not re.search(BAD, guest.text), guest.text[-2000:])
    usual.append(usual_gap(guest))
    now = beats(there, 2)
    check(all(a >= b for a, b in zip(now, last)), f'the guest went back, from {last} to {now}')
    last = now
    papyr('stop', f'move{n - 1}')
    guest.wait_for_status(0)
    source_ms.append(value['x-papyr']['downtime-ms'])
    clock_ms.append(gap_at(there, value['x-papyr']['stop-timebase']))
    print(f'move {n}: downtime {source_ms[-1]:.1f} ms by the source, the guest missed {clock_ms[-1]:.1f} ms (usually '
          f'{usual[-1]:.1f}); {value["total-time"]} ms in all, {value["x-papyr"]["pass"]} passes, in the end '
          f'{value["x-papyr"]["final-pages"]} pages, {value["x-papyr"]["final-entries"]} entries, slowed {value.get("cpu-throttle-percentage", 0)} %; '
          + ', '.join(f'{k} {v:.1f}' for k, v in value['x-downtime-phases-ms'].items()), flush=True)
    guest = there
now = beats(guest, 4)
check(all(a > b for a, b in zip(now, last)), f'something stands still: {last}, {now}')
papyr('stop', f'move{moves}')
guest.wait_for_status(0)
print(f'{moves} moves: downtime by the source: median {statistics.median(source_ms):.1f}, worst {max(source_ms):.1f} ms; '
      f'missed by the guest\'s clock: median {statistics.median(clock_ms):.1f}, worst {max(clock_ms):.1f} ms, where it '
      f'usually misses {statistics.median(usual):.1f} ms')
