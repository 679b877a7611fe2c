#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel boots to a shell that one can type to, and powers off: test_debian.py CPUS"""
import sys
import time

from papyrtest import PATIENCE, PROMPT, check, debian, workdir

BOOT_SECONDS = 20  # from the command to the prompt
PANIC = 'Kernel panic|Oops|BUG:|rcu.*stall|soft lockup'

cpus = sys.argv[1] if len(sys.argv) > 1 else '1'
start = time.monotonic()
guest = debian(workdir(), cpus=cpus)
guest.expect(PROMPT, BOOT_SECONDS * (1 if cpus == '1' else 3), never=PANIC)
print(f'prompt after {time.monotonic() - start:.1f} s, patience {PATIENCE}')

check(guest.command('echo $((6 * 7))') == '42', 'the shell reckons wrong')
check(guest.command('nproc') == cpus.split(',')[0], 'not all vcpus are there')
check(guest.command('uname -m') == 'ppc64le', 'not the machine it should be')
check('POWER8' in guest.command('cat /proc/cpuinfo'), 'not the processor it should be')

# Job control: Ctrl-C reaches the foreground program.
guest.type('sleep 1000\r')
guest.expect('sleep 1000')
time.sleep(0.5)
guest.type('\x03')
guest.expect(PROMPT)
check(guest.command('echo still here') == 'still here', 'the shell is gone')

# Work on all vcpus at once, and time that goes on.
got = guest.command('for i in 1 2 3 4; do (seq 1 2000 | md5sum) & done; wait', 120)
check(len(set(line.split()[0] for line in got.splitlines() if line.endswith('-'))) == 1,
      f'four runs of the same, different results: {got}')
before = float(guest.command('cut -d" " -f1 /proc/uptime'))
time.sleep(1)
after = float(guest.command('cut -d" " -f1 /proc/uptime'))
check(0.9 < after - before < 30, f"the guest's clock went from {before} to {after}")

guest.type('poweroff\r')
guest.wait_for_status(0)
check('Oops' not in guest.text, 'there was an oops')
