#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small guest on the boards bamboo and ppce500 (board_guest.c): what it finds when it starts, its timer, misses of
its TLB, keys by interrupts; paused, saved and restored, started again. The same guest, asked the same, must answer
the same on QEMU's machines of those names."""
import json
import os
import shutil
import sys

from boardtest import ask, board_kernel
from papyrtest import Guest, check, papyr, workdir

folder = workdir()
name = sys.argv[1]
pvr = {'bamboo': '422218d3', 'ppce500': '80210030'}[name]
# The first time, and the second: what the guest's own timebase is ahead of one that it can't set.
ahead = {'bamboo': (0, 0), 'ppce500': (0x100, 0x200)}[name]
kernel = board_kernel(name)


def examine(guest):
    guest.expect(f'processor {pvr}')
    guest.expect('tree d00dfeed')
    guest.expect('ready')
    ask(guest, 't', 'timer ok')
    ask(guest, 'm', 'misses ok')
    ask(guest, 'n', 'keys 00000003')
    ask(guest, 'f', 'registers 1a5344e2')


def end(guest):
    """By itself, where there is a way."""
    guest.type('p')
    if name == 'ppce500':
        guest.wait_for_status(0)
    else:
        guest.expect('still here')
        guest.kill()


qemu = shutil.which('qemu-system-ppc')
if qemu:
    peer = Guest(['-M', name, '-nodefaults', '-net', 'none', '-m', '256M', '-kernel', kernel, '-display', 'none',
                  '-monitor', 'none', '-serial', 'stdio'], program=qemu)
    examine(peer)
    end(peer)

for engine in ('portable', 'native'):
    guest = Guest(['run', '-M', name, '-m', '256M', '-k', kernel, '--name', 'g', '--engine', engine])
    examine(guest)
    ask(guest, 'r', 'ready')
    ask(guest, 'n', 'keys 00000001')
    ask(guest, 'w', 'ready')
    ask(guest, 'n', 'keys 00000001')
    end(guest)

guest = Guest(['run', '-M', name, '-m', '256M', '-k', kernel, '--name', 'g'])
examine(guest)
papyr('pause', 'g')
papyr('resume', 'g')
ask(guest, 'n', 'keys 00000005')

# What says something of a machine.
info = json.loads(papyr('info', 'g', '--json')[0])
check(info['machine'] == name and info['htab-order'] == 0, f'info: {info}')
text = papyr('info', 'g')[0].decode()
check(name in text and 'hash table' not in text, text)
check('g ' in papyr('list')[0].decode(), 'list does not know it')
top = json.loads(papyr('top', 'g', '--json', '-n', '1')[0])
check(top['vcpus'], f'top: {top}')
# What it hasn't.
for verb in ['htab', 'dump', 'g'], ['nmi', 'g'], ['memory', 'g', '1G'], ['stop', 'g', '--powerdown']:
    err = papyr(*verb, status=1)[1]
    check(name in err, f'{verb}: {err}')

ask(guest, 'a', f'ahead {ahead[0]:08x}')
image = os.path.join(folder, 'image')
papyr('save', 'g', image)
guest.wait_for_status(0)
saved = json.loads(papyr('info', image, '--json')[0])
check(saved['htab-order'] == 0, f'info of the image: {saved}')
papyr('htab', 'dump', image, status=1)
other = {'bamboo': 'ppce500', 'ppce500': 'bamboo'}[name]
check('machine is a ' + name in papyr('run', '--restore', image, '-M', other, status=1)[1], f'a {other} restores a {name}')

guest = Guest(['run', '--restore', image, '--name', 'g'])
ask(guest, 'n', 'keys 00000007')
ask(guest, 'a', f'ahead {ahead[1]:08x}')
ask(guest, 'f', 'registers 1a5344e2')
ask(guest, 't', 'timer ok')
ask(guest, 'm', 'misses ok')
papyr('stop', 'g')
guest.wait_for_status(0)
