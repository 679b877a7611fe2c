#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel boots to a shell that one can type to, and powers off: test_debian.py CPUS"""
import sys
import time

from papyrtest import PROMPT, check, debian, workdir

PANIC = 'Kernel panic|Oops|BUG:|rcu.*stall|soft lockup'

cpus = sys.argv[1] if len(sys.argv) > 1 else '1'
guest = debian(workdir(), cpus=cpus)
guest.expect(PROMPT, 60, never=PANIC)

check(guest.command('echo $((6 * 7))') == '42', 'the shell reckons wrong')
check(guest.command('nproc') == cpus.split(',')[0], 'not all vcpus are there')
check(guest.command('uname -m') == 'ppc64le', 'not the machine it should be')
check('POWER8' in guest.command('cat /proc/cpuinfo'), 'not the processor it should be')

meltdown = guest.command('cat /sys/devices/system/cpu/vulnerabilities/meltdown')
check(meltdown == 'Not affected', f'the kernel takes care of caches that are not there: {meltdown}')

# Job control: Ctrl-C reaches the foreground program.
guest.type('sh -c "echo be\'\'gun; exec sleep 1000"\r')
guest.expect(r'begun\r?\n')
guest.type('\x03')
guest.expect(PROMPT)
check(guest.command('echo still here') == 'still here', 'the shell is gone')

# Work on all vcpus at once, and time that goes on.
got = guest.command('for i in 1 2 3 4; do (seq 1 2000 | md5sum) & done; wait', 120)
check(len(set(line.split()[0] for line in got.splitlines() if line.endswith('-'))) == 1,
      f'four runs of the same, different results: {got}')


def clock():
    """The guest's, and the host's before and after it was asked."""
    begin = time.monotonic()
    return float(guest.command('cut -d" " -f1 /proc/uptime')), begin, time.monotonic()


before, *first = clock()
guest.command('sleep 1')
after, *second = clock()
gone, least, most = after - before, second[0] - first[1], second[1] - first[0]
check(gone >= 1, f'a second took {gone:.2f} s of the guest')
check(least - 0.1 < gone < most + 0.1, f'{gone:.2f} s of the guest in {least:.2f} to {most:.2f} s of the host')


guest.type('poweroff\r')
guest.wait_for_status(0)
check('Oops' not in guest.text, 'there was an oops')
