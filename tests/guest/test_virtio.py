#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Virtio devices on PCI, by Debian's drivers: found, used, saved, restored, moved, and after the guest starts again."""
import os

from papyrtest import PROMPT, Guest, check, debian, papyr, until, workdir
from virtiotest import drivers

PANIC = 'Kernel panic|Oops|BUG:|EXT4-fs error'

folder = workdir()


# What the guest does, where it is more than a line of its terminal holds.
WORK = """#!/bin/sh
case $1 in
pci) for i in /sys/bus/pci/devices/*; do cat $i/vendor $i/device; ls $i/msi_irqs | wc -l; done ;;
source) cat /sys/class/misc/hw_random/rng_current ;;
random) for i in a b; do dd if=/dev/hwrng of=/tmp/$i bs=4096 count=4 2>/dev/null; done
	wc -c </tmp/a; cmp /tmp/a /tmp/b >/dev/null || echo differ ;;
esac
"""
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write(WORK)


def random_bytes(guest):
    check(guest.command('./work random', 60).split() == ['16384', 'differ'], 'no random numbers, or the same ones twice')


guest = debian(folder, cpus='2', files=[work, *drivers('virtio-rng')], append='quiet',
               more=['--name', 'virtio', '--rng'])
guest.expect(PROMPT, 90, never=PANIC)
check(guest.command('./work pci').split() == ['0x1af4', '0x1044', '2'], 'not the device it should be')
check('virtio_rng' in guest.command('./work source'), 'the kernel has another source')
random_bytes(guest)

image = os.path.join(folder, 'image')
papyr('save', 'virtio', image)
guest.wait_for_status(0)
check("has a device 'pci-host/" in papyr('run', '--restore', image, status=1)[1], 'restored without its device')
guest = Guest(['run', '--restore', image, '--name', 'virtio', '--rng'])
guest.type('\r')
guest.expect(PROMPT)
random_bytes(guest)

socket = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + socket, '--name', 'there', '--rng'])
until('its socket', lambda: os.path.exists(socket))
papyr('migrate', 'virtio', 'unix:' + socket)
guest.wait_for_status(0)
there.type('\r')
there.expect(PROMPT)
random_bytes(there)

there.type('reboot\r')
there.expect(r'Booting Linux|Linux version|Linux ppc64le', 60)
there.expect(PROMPT, 90, never=PANIC)
random_bytes(there)
there.type('poweroff\r')
there.wait_for_status(0, 60)
