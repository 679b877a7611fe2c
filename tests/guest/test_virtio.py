#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Virtio devices on PCI, by Debian's drivers: found, used, saved, restored, moved, and after the guest starts again."""
import os
import socket

from papyrtest import PATIENCE, PROMPT, Guest, check, debian, papyr, until, workdir
from virtiotest import drivers

PANIC = 'Kernel panic|Oops|BUG:|EXT4-fs error'

folder = workdir()
channel, moved_channel = os.path.join(folder, 'channel'), os.path.join(folder, 'moved')

# What the guest does, where it is more than a line of its terminal holds.
WORK = """#!/bin/sh
case $1 in
pci) for i in /sys/bus/pci/devices/*; do cat $i/vendor $i/device; ls $i/msi_irqs | wc -l; done ;;
source) cat /sys/class/misc/hw_random/rng_current ;;
random) for i in a b; do dd if=/dev/hwrng of=/tmp/$i bs=4096 count=4 2>/dev/null; done
	wc -c </tmp/a; cmp /tmp/a /tmp/b >/dev/null || echo differ ;;
channel) cat /sys/class/virtio-ports/vport*/name ;;
echo) port=$(echo /dev/vport*p0)
	while :; do while read line; do echo "heard $line"; done <>$port >&0; sleep 0.1; done ;;
esac
"""
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write(WORK)


def random_bytes(guest):
    check(guest.command('./work random', 60).split() == ['16384', 'differ'], 'no random numbers, or the same ones twice')


def ask(path, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30 * PATIENCE)
        s.connect(path)
        s.sendall(line.encode() + b'\n')
        return s.makefile('r').readline().strip()


def talk(path, line):
    """What the guest answers to a line by the channel; which it may be closing just now, to open it anew."""
    return until('an answer', lambda: ask(path, line))


def options(path):
    return ['--rng', '--channel', 'org.papyr.test:' + path]


guest = debian(folder, cpus='2', files=[work, *drivers('virtio-rng', 'virtio_console')], append='quiet',
               more=['--name', 'virtio', *options(channel)])
guest.expect(PROMPT, 90, never=PANIC)
found = guest.command('./work pci').split()
check(found[:5] == ['0x1af4', '0x1044', '2', '0x1af4', '0x1043'] and int(found[5]) > 2, f'not those devices: {found}')
check('virtio_rng' in guest.command('./work source'), 'the kernel has another source')
random_bytes(guest)
check(guest.command('./work channel') == 'org.papyr.test', 'no channel, or another name')
guest.command('./work echo &')
for line in ('one', 'two'):
    check(talk(channel, line) == f'heard {line}', f'no answer to {line!r}')
check('a socket' in papyr('run', '--channel', 'a', status=1)[1], 'a channel without a path')
check('channel' in papyr('run', '--channel', 'a:' + channel, status=1)[1], 'two channels at one path')

image = os.path.join(folder, 'image')
papyr('save', 'virtio', image)
guest.wait_for_status(0)
check(not os.path.exists(channel), 'the socket stays behind')
check("has a device 'pci-host/" in papyr('run', '--restore', image, status=1)[1], 'restored without its device')
guest = Guest(['run', '--restore', image, '--name', 'virtio', *options(channel)])
guest.type('\r')
guest.expect(PROMPT)
random_bytes(guest)
check(talk(channel, 'three') == 'heard three', 'no answer after a restore')

arrival = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + arrival, '--name', 'there', *options(moved_channel)])
until('its socket', lambda: os.path.exists(arrival))
papyr('migrate', 'virtio', 'unix:' + arrival)
guest.wait_for_status(0)
there.type('\r')
there.expect(PROMPT)
random_bytes(there)
check(talk(moved_channel, 'four') == 'heard four', 'no answer after a move')

there.type('reboot\r')
there.expect(r'Booting Linux|Linux version|Linux ppc64le', 60)
there.expect(PROMPT, 90, never=PANIC)
random_bytes(there)
there.command('./work echo &')
check(talk(moved_channel, 'five') == 'heard five', 'no answer after the guest began anew')
there.type('poweroff\r')
there.wait_for_status(0, 60)
