#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest that forks, executes and checks its memory gets more memory and processors, and its kernel makes the hash table larger
for it, as it is moved and saved. When it starts again it has all but the table, which is that of its beginning."""
import json
import os
import re

from migratetest import BAD, Local, beats, migrate, wait_listening
from papyrtest import CMDLINE, Guest, Qmp, autorun, built, check, fetch, make_initrd, papyr, until, workdir

GIB = 1 << 30
FIRST = 20  # 2^20 bytes: what Linux wants for 1 GiB

folder = workdir()
os.chdir(folder)
local = Local(folder)


def info(name):
    return json.loads(papyr('info', name, '--json')[0])


def has(name, gib, order):
    """Linux resizes its table before it uses what came."""
    until(f'{gib} GiB', lambda: info(name)['memory'] == gib * GIB, 60)
    until(f'a table of 2^{order} bytes', lambda: info(name)['htab-order'] == order, 60)


def verify(name):
    papyr('pause', name)
    check(json.loads(papyr('htab', 'verify', name, '--json')[0])['clean'], 'the table has something wrong in it')
    papyr('resume', name)


initrd = make_initrd(folder, autorun(folder, 'exec /root/storm 2'), built('storm'))
guest = Guest(['run', '-k', fetch('kernel'), '-i', initrd, '-p', CMDLINE, '-m', '512M,max=4G', '-c', '2,max=4',
               '--htab-order', str(FIRST), '--name', 'grow0'])
beats(guest, 1)
papyr('memory', 'grow0', '2G')
has('grow0', 2, 21)
papyr('cpus', 'grow0', '4')
check([vcpu['online'] for vcpu in info('grow0')['vcpus']] == [True] * 4, 'processors that are not started')
beats(guest, 1)

# It leaves while more comes: what it hasn't taken by then it takes there.
check('was asked to have 4096 MiB' in papyr('memory', 'grow0', '4G', '--no-wait')[0].decode(), 'the answer')
uri = local.uri(0)
there = Guest(['run', '--incoming', uri, '--name', 'grow1'])
wait_listening(uri)
code, value, said = migrate('grow0', uri, '--downtime-ms', '300')
check(code == 0, f'it did not move: {said}')
guest.wait_for_status(0)
guest = there
has('grow1', 4, 22)
beats(guest, 2)
verify('grow1')

papyr('save', 'grow1', 'saved')
guest.wait_for_status(0)
check('2^20' in papyr('run', '--restore', './saved', '--htab-order', '22', status=1)[1], 'another table to begin with')
guest = Guest(['run', '--restore', './saved', '--htab-order', str(FIRST), '--name', 'grow2'])
beats(guest, 1)
has('grow2', 4, 22)
verify('grow2')

qmp = Qmp('grow2')
qmp.execute('qmp_capabilities')
qmp.ok('system_reset')
pft = int(guest.expect(r'ppc64_pft_size\s*= 0x(\w+)\s')[1], 16)
check(pft == FIRST, f'after a reset the table is of order {pft}')
beats(guest, 1)
has('grow2', 4, FIRST)
check(len(info('grow2')['vcpus']) == 4, 'processors that are gone after a reset')
check(not re.search(BAD, guest.text), 'reports')
guest.kill()
