# SPDX-License-Identifier: Apache-2.0
"""What the tests of disks share: files and file systems on the host, a Debian guest that has them as disks."""
import glob
import os
import subprocess

from papyrtest import PROMPT, check, debian, fetch, skip, workdir

PANIC = 'Kernel panic|Oops|BUG:|EXT4-fs error'
MIB = 1 << 20

folder = workdir()
drivers = sorted(glob.glob(os.path.join(fetch('drivers'), '*.ko')))


def tool(*command, status=(0,)):
    """Runs a program of the host's for file systems; returns what it printed."""
    try:
        got = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        skip(f'no {command[0]} here (apt-get install e2fsprogs)')
    check(got.returncode in status, f'{" ".join(command)}: exit status {got.returncode}: {got.stdout}')
    return got.stdout


def new_file(name, data):
    path = os.path.join(folder, name)
    with open(path, 'wb') as f:
        f.write(data)
    return path


def new_disk(name, mib=128):
    path = os.path.join(folder, name)
    with open(path, 'wb') as f:
        f.truncate(mib * MIB)
    tool('mkfs.ext4', '-q', path)
    return path


# What the guest does, where it is more than a line of its terminal holds.
WORK = """#!/bin/sh
case $1 in
find) n=0; cd /sys/bus/scsi/devices
	while [ $n -lt $2 ]; do
		until [ -e 0:0:$n:0/block/*/size ]; do sleep 0.1; done
		ln -s $(basename 0:0:$n:0/block/*) /dev/disk$n; ln -s $PWD/0:0:$n:0/block/* /sys$n; n=$((n + 1))
	done; mkdir -p /mnt ;;
sizes) cat /sys0/size /sys1/size /sys2/size /sys0/ro /sys1/ro /sys0/queue/rotational ;;
names) cd /sys0/device; tr -d '\\000' <vpd_pg80; cat vendor ;;
copies) for i in 1 2 3 4 5 6; do dd if=/dev/disk1 of=/mnt/$i bs=3333 & done 2>/dev/null; wait; sync; md5sum /mnt/[1-6] ;;
direct) dd if=/dev/disk1 of=/mnt/direct bs=64k oflag=direct iflag=direct ;;
fill) dd if=/dev/zero of=/dev/disk$2 bs=1M count=$3 oflag=direct ;;
take) dd if=/dev/disk$2 of=/dev/null bs=1M count=$3 iflag=direct ;;
keep) dd if=/dev/urandom of=/mnt/kept bs=64k count=64; sync ;;
lose) while :; do dd if=/dev/zero of=/mnt/lost bs=64k count=300 conv=fsync; rm /mnt/lost; done ;;
many) rm -f /enough; i=0; until [ -e /enough -a $i -ge 20 ]; do
		dd if=/mnt/kept of=/mnt/$((i % 10)) bs=16k conv=fsync; i=$((i + 1)); done 2>/dev/null
	md5sum /mnt/[0-9]* | cut -c1-32 | uniq -c; echo all done ;;
esac
"""
work = new_file('work', WORK.encode())


def boot(*disks, name='disk', cpus='2', files=(), more=()):
    options = [word for disk in disks for word in ('--disk', disk)]
    guest = debian(folder, cpus=cpus, files=[work, *files, *drivers], append='quiet',
                   more=['--name', name, *options, *more])
    guest.expect(PROMPT, 90, never=PANIC)
    guest.command(f'./work find {len(disks)}', 60)
    return guest


def start_copying(guest):
    """Has the guest copy /mnt/kept over and over until copies_are() says that it's enough, however fast it is."""
    guest.command('./work many &')
    guest.command('until [ -s /mnt/3 ]; do :; done', 60)


def copies_are(guest, kept):
    """Ends the copying, in whatever process the guest now is, and compares all copies with their sum."""
    guest.type('touch /enough\r')
    found = guest.expect(r'(\d+) ([0-9a-f]{32})[^:]*all done', 120, never=PANIC)
    check(found.groups() == ('10', kept), f'what it copied on its way is not what it should be: {found.group(0)}')
    guest.type('\r')
    guest.expect(PROMPT)


def power_off(guest):
    guest.type('poweroff\r')
    guest.wait_for_status(0, 60)


def md5(guest, path):
    return guest.command(f'md5sum {path}', 60).split()[0]


def content(image, path):
    return subprocess.run(['debugfs', '-R', f'cat {path}', image], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout
