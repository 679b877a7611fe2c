#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Virtio disks: Debian's driver reads, writes, trims and flushes them; saving, migration with I/O under way, errors."""
import hashlib
import os
import random

from disktest import (MIB, PANIC, content, copies_are, folder, md5, new_disk, new_file, power_off, start_copying,
                      tool, work)
from papyrtest import PROMPT, Guest, check, debian, papyr, until
from virtiotest import EXT4, drivers

noise = random.Random(1).randbytes(3 * MIB)
ext4, plain = new_disk('ext4'), new_file('plain', noise + b'tail')


def boot(*disks):
    options = [word for disk in disks for word in ('--disk', disk + ',bus=virtio')]
    guest = debian(folder, cpus='2', files=[work, *drivers('virtio_blk', *EXT4)], append='quiet',
                   more=['--name', 'disk', *options])
    guest.expect(PROMPT, 90, never=PANIC)
    guest.command('mkdir /mnt')
    return guest


guest = boot(f'{ext4},serial=top-shelf', f'{plain},ro')
check(guest.command('cd /sys/block; cat vd[ab]/size vd[ab]/ro').split() == ['262144', '6144', '0', '1'],
      'not the disks they should be')
check(guest.command('cat vda/serial; echo; cat vdb/serial; cd').split() == ['top-shelf', 'papyr-1'], 'serial numbers')
check(md5(guest, '/dev/vdb') == hashlib.md5(noise).hexdigest(), 'the disk reads wrong')
check('another guest uses disk' in papyr('run', '--disk', ext4, status=1)[1], 'two guests write to one disk')
guest.command('mount /dev/vda /mnt; ln -s vdb /dev/disk1')
sums = [line.split()[0] for line in guest.command('./work copies', 90).splitlines() if '/mnt/' in line]
check(sums == 6 * [hashlib.md5(noise).hexdigest()], f'copies differ: {sums}')
guest.command('./work direct; rm /mnt/[1-6]; sync', 60)
used = os.stat(ext4).st_blocks
trimmed = guest.command('fstrim -v /mnt', 60)
check(os.stat(ext4).st_blocks < used - 6 * len(noise) // 512 // 2, f'nothing was given back: {trimmed}')
guest.command('umount /mnt')
power_off(guest)
tool('e2fsck', '-fn', ext4)
check(content(ext4, 'direct') == noise, 'what the guest wrote is not on the disk')

check('is no CD-ROM' in papyr('run', '--disk', f'{plain},cd,bus=virtio', status=1)[1], 'a CD-ROM by virtio')
check('none of ro' in papyr('run', '--disk', f'{plain},bus=ide', status=1)[1], 'a bus that there is not')

# ---- Saved, restored and moved while it writes; a disk that errs ----

guest = boot(ext4, plain)
with open(plain, 'r+b') as f:
    f.truncate(MIB)
check('rror' in guest.command('dd if=/dev/vdb of=/dev/null bs=1M skip=2', 60), 'no error of a disk that is cut')
with open(plain, 'r+b') as f:
    f.truncate(3 * MIB)
guest.command('mount /dev/vda /mnt; ./work keep', 60)
kept = md5(guest, '/mnt/kept')
start_copying(guest)
image = os.path.join(folder, 'image')
disks = [word for path in (ext4, plain) for word in ('--disk', path + ',bus=virtio')]
papyr('save', 'disk', image)
guest.wait_for_status(0)
check('--disk' in papyr('run', '--restore', image, status=1)[1], 'restored without its disks')
check('must be the same' in papyr('run', '--restore', image, *disks[2:], *disks[:2], status=1)[1], 'with others')
guest = Guest(['run', '--restore', image, '--name', 'disk', *disks])
until('the guest', lambda: b'"disk"' in papyr('list', '--json')[0])
socket = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + socket, '--name', 'there', *disks])
until('its socket', lambda: os.path.exists(socket))
papyr('migrate', 'disk', 'unix:' + socket)
guest.wait_for_status(0)
copies_are(there, kept)
there.command('umount /mnt', 60)
power_off(there)
tool('e2fsck', '-fn', ext4)
