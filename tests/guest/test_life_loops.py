#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happens again and again in a guest's life: test_life_loops.py reboot|cpus N, or crowd SECONDS.

reboot: papyr's memory and descriptors don't grow. cpus: processors go off and on with work on them. crowd: 8
vcpus at work, on a host that has other work on each of its processors."""
import os
import re
import subprocess
import sys

from papyrtest import PROMPT, check, debian, running, workdir

NEVER = r'Kernel panic|Oops|BUG:|LOCKUP|lockup|rcu.*stall|blocked for more'
WORK = r"""#!/bin/sh
work() {
	i=0
	while [ $i -lt $1 ]; do
		while :; do head -c 2000000 /dev/zero | md5sum; done >/dev/null 2>&1 &
		i=$((i + 1))
	done
}
case $1 in
work) work $2;;
cpus) # off and on, $2 times
	n=0
	while [ $n -lt $2 ]; do
		for cpu in 1 2 3; do
			echo 0 >/sys/devices/system/cpu/cpu$cpu/online || exit 1
			echo 1 >/sys/devices/system/cpu/cpu$cpu/online || exit 1
			n=$((n + 1))
		done
	done
	nproc;;
esac
"""
what, count = sys.argv[1], int(sys.argv[2])
folder = workdir()
path = os.path.join(folder, 'life')
with open(path, 'w') as f:
    f.write(WORK)


def begin(**how):
    guest = debian(folder, **how)
    guest.expect(PROMPT, 90, never=NEVER)
    return guest


def held(guest):
    """Descriptors, threads, and KiB of memory of papyr's own (the guest's memory is what it uses)."""
    proc = f'/proc/{guest.process.pid}'
    with open(f'{proc}/status') as f:
        status = dict(re.findall(r'^(\w+):\s+(\d+)', f.read(), re.M))
    return len(os.listdir(f'{proc}/fd')), int(status['Threads']), int(status['VmRSS']), int(status['VmSize'])


def reboot():
    guest = begin(cpus='2', files=[path])
    first = None
    for i in range(count):
        guest.type('reboot -f\r')
        guest.expect('Linux version', 60)
        guest.expect(PROMPT, 90, never=NEVER)
        now = held(guest)
        first = first or now
        print(f'after {i + 1}: descriptors, threads, KiB resident, KiB mapped {now}', flush=True)
    check(now[:2] == first[:2], f'descriptors or threads: {first} became {now}')
    check(now[2] < first[2] + 100000 and now[3] < first[3] + 20000, f'memory: {first} became {now}')
    return guest


def cpus():
    guest = begin(cpus='4', files=[path])
    guest.command('/root/life work 4')
    guest.type(f'/root/life cpus {count}\r')
    found = guest.expect(r'\n(\d+)\r?\n', 10 * count + 60, never=NEVER)
    check(found.group(1) == '4', f'{found.group(1)} processors are left')
    guest.expect(PROMPT)
    return guest


def crowd():
    load = [subprocess.Popen(['sh', '-c', 'while :; do :; done']) for _ in range(os.cpu_count())]
    running.extend(load)
    guest = begin(cpus='8', files=[path])
    guest.command('/root/life work 16')
    for _ in range(count // 5):
        guest.command('sleep 5', 60)
        check(guest.command('echo $((6 * 7))', 30) == '42', 'it does not answer')
    check(not re.search(NEVER, guest.text), f'reports: {re.findall(NEVER, guest.text)}')
    with_steal = guest.command('grep "^cpu " /proc/stat').split()
    print('user, nice, system, idle, iowait, irq, softirq, steal', *with_steal[1:9])
    check(int(with_steal[8]) > 100, 'the guest sees no stolen time')
    for process in load:
        process.kill()
        running.remove(process)
    return guest


guest = {'reboot': reboot, 'cpus': cpus, 'crowd': crowd}[what]()
check(guest.command('echo $((6 * 7))') == '42', 'the shell reckons wrong')
guest.type('poweroff -f\r')
guest.wait_for_status(0)
