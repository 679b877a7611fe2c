#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Four processors share memory as their architecture has it: test_threads.py SECONDS. Half of the time goes to threads.c
(locks, queues, stacks, reservations of all sizes), half to litmus.c (what barriers forbid, and code that changes)."""
import sys

from papyrtest import PROMPT, built, debian, workdir

BAD = r'WRONG.*|Kernel panic.*|Oops.*|segfault.*|Unable to handle.*|BUG:.*'
ENDED = r'ended: (\d+) rounds, (\d+) checks, 0 wrong.*'

seconds = float(sys.argv[1])
guest = debian(workdir(), cpus='4', append='quiet', files=[built('threads'), built('litmus')], more=['--name', 'threads'])
guest.expect(PROMPT, 90)
for program in ('threads', 'litmus'):
    guest.type(f'./{program} {seconds / 2}\r')
    found = guest.expect(ENDED, seconds / 2 + 120, never=BAD)
    seen = guest.seen
    guest.expect(PROMPT)
    print(f'{program}: {found[0].strip()}', guest.text[seen:guest.text.rfind('papyr:')].strip(), flush=True)
guest.type('poweroff -f\r')
guest.wait_for_status(0)
