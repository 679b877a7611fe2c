#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What programs and a kernel in a guest rely on beyond the differential tests: silicon.c, processors off and on, and
what the kernel says of its processor."""
from papyrtest import PROMPT, built, check, debian, workdir

guest = debian(workdir(), cpus='2', files=[built('silicon')])
guest.expect(PROMPT, 60)
text = guest.command('/root/silicon', 60)
check(', 0 failed' in text, text)
check('POWER8 (architected)' in guest.command('cat /proc/cpuinfo'), 'not the name that partitions see')

# Linux gives up its own translations as a processor goes.
guest.command('cpu1=/sys/devices/system/cpu/cpu1/online')
text = guest.command('for n in 0 1 0 1 0 1; do echo $n >$cpu1; done', 60)
check(not text and guest.command('grep -c ^proc /proc/cpuinfo') == '2', f'a processor did not go and come: {text}')
guest.type('poweroff -f\r')
guest.wait_for_status(0)
