#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A reboot, asked for by the guest and by the control socket, starts the guest again: with what a machine keeps when it is
reset (clock, NVRAM, its parts) and without what it forgets. Ctrl-A x ends it."""
import json
import os
import re

from papyrtest import PROMPT, Qmp, check, debian, papyr, workdir

# What the guest does when it is told so: the terminal is too narrow for it.
SCRIPT = r"""#!/bin/sh
cpu1=/sys/devices/system/cpu/cpu1/online
case $1 in
keep) # what is the machine's, not the guest's
	date -u -s '2031-02-03 04:05:06' >/dev/null && hwclock -u -w
	printf papyr-was-here | dd of=/dev/nvram bs=1 seek=8192 conv=notrunc 2>/dev/null;;
kept)
	hwclock -u -r | grep -o 2031
	date -u +%Y
	dd if=/dev/nvram bs=1 skip=8192 count=14 2>/dev/null;;
leave) # traces: in memory and table, and the second vcpu stopped
	mkdir /trace && yes papyr-was-here | head -c 50000000 >/trace/fill
	echo 0 >$cpu1
	cat $cpu1;;
traces)
	ls -d /trace 2>/dev/null
	cat $cpu1
	nproc;;
parts) # what the guest sees of its machine
	cat /proc/cmdline
	grep MemTotal /proc/meminfo
	grep -v timebase /proc/cpuinfo
	cd /proc/device-tree && find . -type f ! -path './chosen/*' | sort | xargs md5sum;;
esac
"""

folder = workdir()
path = os.path.join(folder, 'state')
with open(path, 'w') as f:
    f.write(SCRIPT)
os.chmod(path, 0o755)
guest = debian(folder, cpus='2', files=[path], more=['--name', 'reset'])
guest.expect(PROMPT, 60)
qmp = Qmp('reset')
qmp.ok('qmp_capabilities')


def uptime():
    return float(guest.command('cut -d" " -f1 /proc/uptime'))


def machine():
    """What the machine is, without what it has done."""
    info = qmp.ok('x-info')
    for vcpu in info['vcpus']:
        del vcpu['exits']
    return info


def state(what):
    """What the script says, line by line, without what the kernel says meanwhile."""
    said = guest.command(f'/root/state {what}', 120).splitlines()
    return [line for line in said if line and not re.match(r'\[ *\d+\.\d+\]', line)]


def check_kept():
    check(state('kept') == ['2031', '2031', 'papyr-was-here'], 'clock or NVRAM were not kept')


def reset(how):
    """Starts it again by @how(); what the machine was is kept, what the guest was is not."""
    check(state('leave') == ['0'], 'the second vcpu stays')
    before = uptime()
    how()
    guest.expect('Linux version', 30)
    guest.expect(PROMPT, 60)
    qmp.wait_event('RESET')
    check(uptime() < before, 'the guest goes on where it was')
    left = state('traces')
    check(left == ['1', '2'], f'traces of before: {left}')
    check_kept()
    check(machine() == first_machine, f'{machine()} was {first_machine}')
    check(state('parts') == first_parts, 'the guest sees another machine')
    # No entry of the old table is left: each has memory, and its place.
    check(json.loads(papyr('htab', 'verify', 'reset', '--json')[0])['clean'], 'the table')
    check(qmp.ok('query-status')['status'] == 'running', 'not running')


first_machine = machine()
first_parts = state('parts')
check(len(first_parts) > 50, first_parts)
check(not state('keep'), "clock and NVRAM can't be set")
check_kept()
reset(lambda: guest.type('reboot\r'))
reset(lambda: qmp.ok('system_reset'))
guest.type('\x01x')
guest.wait_for_status(0)
