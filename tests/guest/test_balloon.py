#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest gives up memory when it is asked to, and tells of free pages by itself: the host has them back; it gets them
again, also after it was saved, restored and moved."""
import json
import os
import time

from papyrtest import PROMPT, Guest, Qmp, check, debian, papyr, until, until_running, workdir
from virtiotest import drivers

PANIC = 'Kernel panic|Oops|BUG:'
MIB = 1 << 20
ALL = 512

folder = workdir()

# What the guest does, where it is more than a line of its terminal holds.
WORK = """#!/bin/sh
case $1 in
start) mkdir /big; mount -t tmpfs -o size=90% big /big
	# It tells of free pieces of 1 MiB; those of 16 MiB it would tell of only where 512 MiB are free.
	echo 4 >/sys/module/page_reporting/parameters/page_reporting_order ;;
fill) dd if=/dev/urandom of=/root/a bs=1M count=8 2>/dev/null; i=0
	while [ $i -lt 16 ]; do cat /root/a; i=$((i + 1)); done >/big/a; rm /root/a; md5sum /big/a >/root/sum ;;
more) dd if=/dev/zero of=/big/b bs=1M count=150 2>/dev/null; rm /big/b ;;
esac
"""
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write(WORK)


def resident(guest):
    """MiB of the host's memory that the process has."""
    with open(f'/proc/{guest.process.pid}/status') as f:
        return next(int(line.split()[1]) // 1024 for line in f if line.startswith('VmRSS'))


def look(name):
    return json.loads(papyr('balloon', name, '--json')[0])


def fill(guest):
    """A part of the guest's memory is used; when it is freed, it stays with the host if nobody tells."""
    guest.command('./work fill', 120)


def same(guest):
    check(guest.command('md5sum -c /root/sum', 60).endswith('OK'), 'what the guest kept is something else now')


guest = debian(folder, cpus='2', memory=f'{ALL}M', files=[work, *drivers('virtio_balloon')], append='quiet',
               more=['--name', 'air', '--balloon'])
guest.expect(PROMPT, 90, never=PANIC)
guest.command('./work start')
check(look('air')['driver'], 'no driver')

# ---- Free pages go by themselves ----

fill(guest)
used = resident(guest)
guest.command('rm /big/a')
until('free pages at the host', lambda: resident(guest) < used - 80, 60)

# ---- What is asked for: with memory that is used, which stays as it is ----

fill(guest)
used = resident(guest)
qmp = Qmp('air')
qmp.ok('qmp_capabilities')
begin = time.monotonic()
check('has 320 MiB' in papyr('balloon', 'air', '320M')[0].decode(), 'the guest does not give up memory')
told = [qmp.wait_event('BALLOON_CHANGE')['actual']]
while told[-1] != 320 * MIB:
    told.append(qmp.wait_event('BALLOON_CHANGE')['actual'])
check(len(told) < time.monotonic() - begin + 2, f'events more often than once a second: {told}')
same(guest)
told = look('air')
check(told['now'] == told['wanted'] == 320 * MIB and told['max'] == ALL * MIB and not told['pending'], told)
check(0 < told['statistics']['free'] < 120 * MIB and told['statistics']['total'] > 400 * MIB, told)
said = papyr('balloon', 'air')[0].decode()
check('has 320 of 512 MiB' in said and 'available' in said, said)
check(qmp.ok('query-balloon') == {'actual': 320 * MIB}, 'query-balloon')
check('memory' in qmp.execute('balloon', value=0)['error']['desc'], 'a guest of no memory')

# ---- Saved, restored, moved: it has what it had, and gets the rest back there ----

image = os.path.join(folder, 'image')
qmp.socket.close()
papyr('save', 'air', image)
guest.wait_for_status(0)
check(os.stat(image).st_size < 300 * MIB, 'the image holds what was given up')
check("has a device" in papyr('run', '--restore', image, status=1)[1], 'restored without its balloon')
guest = Guest(['run', '--restore', image, '--name', 'air', '--balloon'])
until_running('air')
check(look('air')['now'] == 320 * MIB, 'another size after the restore')
guest.type('\r')
guest.expect(PROMPT)
same(guest)
# While it moves it is asked for more.
papyr('balloon', 'air', '300M', '--no-wait')
way = os.path.join(folder, 'way')
there = Guest(['run', '--incoming', f'unix:{way}', '--name', 'there', '--balloon'])
until('its socket', lambda: os.path.exists(way))
papyr('balloon', 'there', '512M', status=1)
papyr('migrate', 'air', f'unix:{way}')
guest.wait_for_status(0)
check('has 300 MiB' in papyr('balloon', 'there', '300M')[0].decode(), 'the wish was lost on the way')
there.type('\r')
there.expect(PROMPT)
same(there)
check('has 512 MiB' in papyr('balloon', 'there', '512M')[0].decode(), 'the guest does not take it back')
there.command('./work more', 60)
same(there)

# ---- More than it can do without: it lives, and the wish is told to be too much ----

check('can\'t do without' in papyr('balloon', 'there', '32M', '--timeout', '5', status=1)[1], 'a guest without memory')
same(there)
papyr('balloon', 'there', '512M')

# ---- Its driver goes and comes; the guest begins anew ----

there.command('rmmod virtio_balloon')
check('no driver' in papyr('balloon', 'there', '400M', '--timeout', '1', status=1)[1], 'without a driver')
there.command('insmod /lib/drivers/*virtio_balloon.ko')
check('has 400 MiB' in papyr('balloon', 'there', '400M')[0].decode(), 'not as it was asked before its driver came')
there.type('reboot\r')
there.expect(r'Booting Linux|Linux version|Linux ppc64le', 60)
there.expect(PROMPT, 90, never=PANIC)
check('has 400 MiB' in papyr('balloon', 'there', '400M')[0].decode(), 'not as it was asked before it began anew')
there.type('poweroff\r')
there.wait_for_status(0, 60)

