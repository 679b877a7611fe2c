#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Machine checks and system resets by way of RTAS: a program that touches broken memory has its signal, before and
after the guest was saved, the kernel reads the log; papyr nmi has it panic."""
import os

from papyrtest import PROMPT, Guest, Qmp, built, check, debian, papyr, until_running, workdir


def connect():
    until_running('nmi')
    qmp = Qmp('nmi')
    qmp.ok('qmp_capabilities')
    return qmp


def page_told(guest, number):
    return int(guest.expect(rf'page {number} at (0x[0-9a-f]+)\r', 60).group(1), 16)


def break_and_touch(guest, number, address):
    connect().ok('x-break-memory', address=address)
    guest.type('\r')
    guest.expect(f'page {number} is broken: SIGBUS, BUS_MCEERR_AR', 60, never='another SIGBUS|holds|panic')


folder = workdir()
image = os.path.join(folder, 'image')
guest = debian(folder, cpus='2', files=[built('broken')], more=['--name', 'nmi'])
guest.expect(PROMPT, 60)
guest.command('dmesg -n 1')  # or it writes into the program's lines
check(guest.command('ls /proc/device-tree/rtas | grep -c ibm,nmi-') == '2', 'the device tree has no such calls')
guest.type('/root/broken\r')
break_and_touch(guest, 0, page_told(guest, 0))
second = page_told(guest, 1)

# What is registered is part of what is saved.
papyr('save', 'nmi', image)
guest.wait_for_status(0)
guest = Guest(['run', '--restore', image, '--name', 'nmi'])
break_and_touch(guest, 1, second)
guest.expect(PROMPT, 60)
log = guest.command("dmesg | grep -i 'mce:'")
check(log.count('machine check (Severe)  UE Load/Store DAR:') == 2, log)
check(log.count('Comm: broken') == 2 and log.count('Initiator Memory') == 2, log)
qmp = connect()
answer = qmp.execute('x-break-memory', address=1 << 40)
check('has no memory at 0x10000000000' in answer['error']['desc'], answer)

papyr('nmi', 'nmi')
guest.expect('Kernel panic - not syncing: System Reset', 60)
said = qmp.wait_event('GUEST_PANICKED')['x-message']
check('System Reset' in said, said)
guest.wait_for_status(3)
