#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Disks: Debian's drivers read, write, trim and flush them; errors, power cuts, saving, migration with I/O under way."""
import hashlib
import os
import random
import time

from disktest import (MIB, boot, content, copies_are, folder, md5, new_disk, new_file, power_off, start_copying,
                      tool)
from papyrtest import Guest, check, papyr, until

# ---- What the guest sees of its disks, and what the host finds on them ----

noise = random.Random(1).randbytes(3 * MIB)
ext4, plain, disc = new_disk('ext4'), new_file('plain', noise + b'tail'), new_file('disc', noise[:MIB])
guest = boot(f'{ext4},serial=top-shelf', f'{plain},ro', f'{disc},cd')
check(guest.command('./work sizes').split() == ['262144', '6144', '2048', '0', '1', '0'], 'not the disks they should be')
names = guest.command('./work names')
check('top-shelf' in names and 'PAPYR' in names, f'neither maker nor serial number: {names}')
check(md5(guest, '/dev/disk1') == hashlib.md5(noise).hexdigest(), 'the disk reads wrong')
check(md5(guest, '/dev/disk2') == hashlib.md5(noise[:MIB]).hexdigest(), 'the CD-ROM reads wrong')
# Unaligned pieces, from many places at once.
guest.command('mount /dev/disk0 /mnt')
sums = [line.split()[0] for line in guest.command('./work copies', 90).splitlines() if '/mnt/' in line]
check(sums == 6 * [hashlib.md5(noise).hexdigest()], f'copies differ: {sums}')
guest.command('./work direct; umount /mnt', 60)

# A second guest mustn't touch what this one writes; what is only read may be shared.
check('another guest uses disk' in papyr('run', '--disk', ext4, status=1)[1], 'two guests write to one disk')
check('another guest uses disk' in papyr('run', '--disk', f'{ext4},ro', status=1)[1], 'a disk is read while written')
other = Guest(['run', '--name', 'other', '-p', 'storm', '-m', '64M', '--disk', f'{plain},ro'])
other.expect('memory as it should be', 60)
papyr('stop', 'other')
other.wait_for_status(0)

# Trimmed blocks are given back to the host.
guest.command('mount /dev/disk0 /mnt; rm /mnt/[1-6]; sync')
used = os.stat(ext4).st_blocks
trimmed = guest.command('fstrim -v /mnt', 60)
check(os.stat(ext4).st_blocks < used - 6 * len(noise) // 512 // 2, f'nothing was given back: {trimmed}')
guest.command('umount /mnt')
power_off(guest)
tool('e2fsck', '-fn', ext4)
check(content(ext4, 'direct') == noise, 'what the guest wrote is not on the disk')

# ---- Wrong words, wrong files ----

for disk, reason in ((os.path.join(folder, 'none'), 'cannot open'), (folder, 'Is a directory'),
                     (new_file('empty', b''), 'is empty'), (f'{plain},rw', 'none of ro, cd'),
                     (f'{plain},serial=' + 21 * 'x', 'none of ro, cd'), ('', 'wants a file')):
    check(reason in papyr('run', '--disk', disk, status=1)[1], f'--disk {disk}: not {reason!r}')

# ---- A host's disk that fails is the guest's I/O error ----

guest = boot(ext4, plain)
with open(plain, 'r+b') as f:
    f.truncate(MIB)
said = guest.command('dd if=/dev/disk1 of=/dev/null bs=1M skip=2', 60)
check('I/O error' in said or 'Input/output error' in said, f'a read beyond the file: {said}')
check(md5(guest, '/dev/disk0'), 'the other disk is gone too')

# ---- A power cut: what was synchronized is there ----

guest.command('mount /dev/disk0 /mnt; ./work keep', 60)
kept = md5(guest, '/mnt/kept')
guest.type('./work lose\r')
guest.expect(r'300\+0 records out', 90)
guest.kill()
tool('e2fsck', '-fy', ext4, status=(0, 1))
check(hashlib.md5(content(ext4, 'kept')).hexdigest() == kept, 'what was synchronized is lost')

# ---- Saved, restored and moved while it writes ----

guest = boot(ext4)
guest.command('mount /dev/disk0 /mnt')
start_copying(guest)
image = os.path.join(folder, 'image')
papyr('save', 'disk', image)
guest.wait_for_status(0)
check('--disk' in papyr('run', '--restore', image, status=1)[1], 'restored without its disk')
check('must be the same' in papyr('run', '--restore', image, '--disk', plain, status=1)[1], 'with another disk')
guest = Guest(['run', '--restore', image, '--name', 'disk', '--disk', ext4])
time.sleep(1)
socket = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + socket, '--name', 'there', '--disk', ext4])
until('its socket', lambda: os.path.exists(socket))
papyr('migrate', 'disk', 'unix:' + socket)
guest.wait_for_status(0)
copies_are(there, kept)
there.command('umount /mnt', 60)
power_off(there)
tool('e2fsck', '-fn', ext4)
