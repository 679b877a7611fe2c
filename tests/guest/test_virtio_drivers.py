#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's virtio drivers come and go while their devices are used, by messages and by the line of each device: all work
each time, and a driver that prefers the old interface finds the new one: test_virtio_drivers.py [line]."""
import hashlib
import json
import os
import re
import sys

from devicetest import make_disk, make_tree
from papyrtest import PROMPT, check, debian, papyr, workdir
from virtiotest import drivers

PANIC = 'Kernel panic|Oops|BUG:|irq .*nobody cared'
ROUNDS = 2
line = sys.argv[1:] == ['line']
folder = workdir()
disk = make_disk(folder, 'disk')
tree, names, tree_sum = make_tree(folder)

# What the guest does, where it is more than a line of its terminal holds.
WORK = """#!/bin/sh
bad() { echo "NOT SO: $*"; exit 1; }
load() { for i in $*; do insmod /lib/drivers/*-$i.ko || bad insmod $i; done; }
unload() { for i in $*; do rmmod $i || bad rmmod $i; done; }
case $1 in
blk)	load virtio_blk; until [ -e /dev/vda ]; do usleep 50000; done
	dd if=/dev/urandom of=/tmp/a bs=4k count=64 2>/dev/null; dd if=/tmp/a of=/dev/vda bs=4k oflag=direct 2>/dev/null
	dd if=/dev/vda of=/tmp/b bs=64k count=4 iflag=direct 2>/dev/null; cmp /tmp/a /tmp/b || bad blk
	md5sum /tmp/a; unload virtio_blk; [ ! -e /dev/vda ] || bad stays ;;
net)	load virtio_net; until [ -e /sys/class/net/eth0 ]; do usleep 50000; done
	ifconfig eth0 10.0.2.15; ping -c 3 10.0.2.2 | grep loss; unload virtio_net; [ ! -e /sys/class/net/eth0 ] || bad stays ;;
rng)	load virtio-rng; dd if=/dev/hwrng bs=256 count=4 2>/dev/null | wc -c; unload virtio_rng ;;
port)	load virtio_console; until cat /sys/class/virtio-ports/*/name 2>/dev/null | grep -q .; do usleep 50000; done
	cat /sys/class/virtio-ports/*/name
	unload virtio_console ;;
share)	load 9pnet_virtio; mkdir -p /share; mount -t 9p -o trans=virtio,version=9p2000.L share /share || bad mount
	cat /share/tree/*/* | md5sum; umount /share; unload 9pnet_virtio ;;
balloon) load virtio_balloon ;;
flat)	unload virtio_balloon ;;
pci)	unload virtio_pci; load virtio_pci; ls /sys/bus/virtio/devices | wc -l ;;
old)	unload virtio_pci; insmod /lib/drivers/*-virtio_pci.ko force_legacy=1; ls /sys/bus/virtio/devices | wc -l
	unload virtio_pci; load virtio_pci ;;
how)	grep -c MSI /proc/interrupts ;;
esac
"""
# Those that the tests load themselves come behind the others, and not by the initrd.
LATER = ('virtio_blk', 'virtio_net', 'virtio-rng', 'virtio_console', '9pnet_virtio', 'virtio_balloon')
found = drivers('failover', 'net_failover', 'netfs', 'fscache', '9pnet', '9p', *LATER)
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write(WORK)

guest = debian(folder, cpus='2', files=[work, *found], append='quiet' + (' pci=nomsi' if line else ''),
               more=['--name', 'drivers', '--disk', f'{disk},bus=virtio', '--net', 'user,bus=virtio', '--rng', '--balloon',
                     '--channel', f'talk:{folder}/talk', '--share', f'{tree}:share'])
guest.expect(PROMPT, 90, never=PANIC)
messages = int(guest.command('./work how'))
check(not messages if line else messages >= 6, f'{messages} interrupts by messages')
for name in LATER:
    guest.command(f"rmmod {name.replace('-', '_')}")
for n in range(ROUNDS):
    said = guest.command('./work blk', 60)
    with open(disk, 'rb') as f:
        check(said.split()[0] == hashlib.md5(f.read(64 * 4096)).hexdigest(), f'{n}: a disk of something else: {said}')
    check(' 0% packet loss' in guest.command('./work net', 60), f'{n}: no answer by the network')
    check(guest.command('./work rng', 60) == '1024', f'{n}: no random numbers')
    said = guest.command('./work port', 60)
    check(said == 'talk', f'{n}: no channel: {said!r}')
    check(tree_sum in guest.command('./work share', 60), f'{n}: files of something else')
    guest.command('./work balloon')
    check('has 448 MiB' in papyr('balloon', 'drivers', '448M')[0].decode(), f'{n}: no balloon')
    guest.command('./work flat')
    check(json.loads(papyr('balloon', 'drivers', '--json')[0])['now'] == 512 << 20, f'{n}: what was given up is not back')
    papyr('balloon', 'drivers', '512M', '--no-wait')
    check(guest.command('./work pci') == '6', f'{n}: devices are missing')
check(guest.command('./work old').split()[-1] == '6', 'a driver that prefers the old interface finds no device')
check('talk' in guest.command('./work port', 60), 'no channel after that')
check(not re.search(PANIC + '|NOT SO', guest.text), guest.text[-2000:])
guest.type('poweroff\r')
guest.wait_for_status(0, 60)
