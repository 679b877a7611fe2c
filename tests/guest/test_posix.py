#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What POSIX wants of a file system: a list of calls in a shared folder, and in ext4 of the same guest, whose answers
must be the same but for differences that are known and have their reasons."""
import difflib
import os
import re
import subprocess

from papyrtest import PROMPT, built, check, debian, workdir
from virtiotest import EXT4, drivers

PANIC = 'Kernel panic|Oops|BUG:'
# Calls whose answers differ, and why that is so.
KNOWN = {
    r'rename, root: renameat2.*': '9p has no flags for it',
    r'nodes, root: mknod\(.*S_IF(CHR|BLK).*': 'device nodes are not made',
    r'times: read .*': "Linux's 9p driver has whole seconds, from 1970 on",
}
KNOWN_UNCACHED = {r'maps(, root: (msync|pread)\(.*|, root: p == .*|: 01shared89)': 'shared and writable maps want cache=mmap'}

folder = workdir()
shared, disk = os.path.join(folder, 'shared'), os.path.join(folder, 'disk')
os.mkdir(shared)
subprocess.run(['/sbin/mke2fs', '-q', '-t', 'ext4', '-b', '4096', disk, '128M'], check=True)
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write("""#!/bin/sh
mkdir -p /mnt /map /peer
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 shared /mnt
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=mmap mapped /map
mount -t ext4 /dev/vda /peer
mkdir /mnt/list /map/list /peer/list
for at in mnt map peer; do /root/posix /$at/list >/root/$at.log 2>&1; echo "status $?" >>/root/$at.log; done
cp /root/*.log /mnt
""")
mapped = os.path.join(folder, 'mapped')
os.mkdir(mapped)
guest = debian(folder, cpus='2', append='quiet',
               files=[work, built('posix'), *drivers('netfs', 'fscache', '9pnet', '9pnet_virtio', '9p', 'virtio_blk', *EXT4)],
               more=['--share', f'{shared}:shared', '--share', f'{mapped}:mapped', '--disk', disk + ',bus=virtio'])
guest.expect(PROMPT, 90, never=PANIC)
guest.command('/root/work', 120)
guest.type('poweroff\r')
guest.wait_for_status(0, 60)


def answers(name):
    """The answers to each call, in order, as they may come several times."""
    with open(os.path.join(shared, name + '.log'), encoding='latin-1') as f:
        lines = f.read().splitlines()
    check(lines[-2:] == ['done', 'status 0'], f'{name}: {lines[-2:]}')
    return lines


def differences(theirs, mine):
    """What is there on one side only, with a '-' before it if that is theirs."""
    return [line for line in difflib.unified_diff(theirs, mine, n=0, lineterm='') if not re.match(r'---|\+\+\+|@@', line)]


right = answers('peer')
check(len(right) > 330, f'{len(right)} lines only')
bad = []
for name, known in (('mnt', {**KNOWN, **KNOWN_UNCACHED}), ('map', KNOWN)):
    for line in differences(right, answers(name)):
        reason = next((why for pattern, why in known.items() if re.fullmatch(pattern, line[1:])), None)
        print(f'{name} {line}' + (f'  ({reason})' if reason else ''))
        if not reason:
            bad.append(line)
check(not bad, f'{len(bad)} answers differ without a reason')
