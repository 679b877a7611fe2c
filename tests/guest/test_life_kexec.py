#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kernels that start kernels: test_life_kexec.py ROUNDS. Each loads Debian's kernel from a disk, and the last one works as
the first did: processors, clock, disk."""
import glob
import os
import sys
import tarfile

from papyrtest import CMDLINE, PATIENCE, Guest, autorun, check, fetch, make_initrd, workdir

NEVER = r'Kernel panic|Oops|BUG:|LOCKUP|lockup|rcu.*stall|blocked for more|WARNING:'
WORK = r"""cd /root
round=$(sed -n 's/.*round=\([0-9]*\).*/\1/p' /proc/cmdline)
echo "round $round: $(nproc) processors, $(md5sum </dev/sda | cut -c1-32)"
from=$(date +%s); sleep 2; echo "slept $(($(date +%s) - from)) s"
for cpu in 0 1 2 3; do taskset $((1 << cpu)) sh -c "echo cpu $cpu works" || exit; done
[ $round -lt ROUNDS ] || { echo 'all rounds'; poweroff -f; }
tar -x -f /dev/sda || exit
./ld64.so.2 --library-path . ./kexec -c -l vmlinux --initrd=initrd \
	--append="$(sed "s/round=$round/round=$((round + 1))/" /proc/cmdline)" || exit
./ld64.so.2 --library-path . ./kexec -e
"""

rounds = int(sys.argv[1])
folder = workdir()
files = [autorun(folder, WORK.replace('ROUNDS', str(rounds))), *glob.glob(os.path.join(fetch('drivers'), '*.ko')),
         *glob.glob(os.path.join(fetch('kexec'), '*'))]
initrd = make_initrd(folder, *files)
disk = os.path.join(folder, 'disk')
with tarfile.open(disk, 'w', format=tarfile.USTAR_FORMAT) as tar:
    tar.add(fetch('kernel'), 'vmlinux')
    tar.add(initrd, 'initrd')
guest = Guest(['run', '-k', fetch('kernel'), '-i', initrd, '-p', f'{CMDLINE} quiet round=0', '-m', '1G', '-c', '4,threads=2',
               '--disk', disk])
right = None
for number in range(rounds + 1):
    found = guest.expect(rf'round {number}: 4 processors, (\w{{32}})', 60, never=NEVER)
    right = right or found[1]
    check(found[1] == right, f'round {number} reads something else from the disk')
    slept = int(guest.expect(r'slept (\d+) s', 30, never=NEVER)[1])
    check(2 <= slept <= 3 * PATIENCE, f'two seconds are {slept} in round {number}')
    for cpu in range(4):
        guest.expect(f'cpu {cpu} works', 30, never=NEVER)
guest.expect('all rounds', 10)
guest.wait_for_status(0, 60)
