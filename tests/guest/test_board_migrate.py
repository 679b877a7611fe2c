#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A board's guest (board_guest.c) is moved while it runs: test_board_migrate.py BOARD. It goes on in the middle of filling
its TLB and memory, with its timer, its registers and its keys; paused it comes paused; through a file; and nobody takes
one who has another machine."""
import os
import sys

from boardtest import BAD, ask, board_kernel
from migratetest import migrate, wait_listening, wait_socket
from papyrtest import Guest, check, papyr, workdir

folder = workdir()
os.chdir(folder)
board = sys.argv[1]
other = {'bamboo': 'ppce500', 'ppce500': 'bamboo'}[board]
kernel = board_kernel(board)


def move(guest, n, *options):
    uri = f'unix:{folder}/move{n}'
    there = Guest(['run', '--incoming', uri, '--name', f'g{n}'])
    wait_listening(uri)
    # What the storm writes all the time is some 6 MiB.
    status, value, said = migrate(f'g{n - 1}', uri, '--downtime-ms', '2000', *options)
    check(status == 0, f'move {n}: {said}')
    guest.wait_for_status(0)
    check(value['status'] == 'completed' and value['x-papyr']['final-entries'] == 0, f'move {n}: {value}')
    return there


guest = Guest(['run', '-M', board, '-m', '256M', '-k', kernel, '--name', 'g0'])
guest.expect('ready')

# Nobody who has another machine takes it, and then it goes on.
uri = f'unix:{folder}/other'
stranger = Guest(['run', '--incoming', uri, '-M', other, '--name', 'stranger'])
wait_listening(uri)
status, value, said = migrate('g0', uri)
check(status == 1 and "can't take the guest" in said, f'a {other} takes a {board}: {said}')
stranger.wait_for_status(1)
ask(guest, 'n', 'keys 00000001')

keys = 1
for n in 1, 2:
    guest.type('s')
    guest = move(guest, n)
    before = int(ask(guest, 'n', r'storm ([0-9a-f]{8})')[1], 16)
    check(before > 1, f'a storm of {before} rounds')
    keys += 2
    guest.expect(f'keys {keys:08x}', never=BAD)
    ask(guest, 't', 'timer ok')
    ask(guest, 'f', 'registers 1a5344e2')
    ask(guest, 'm', 'misses ok')
    keys += 3

papyr('pause', 'g2')
guest = move(guest, 3)
check(wait_socket('g3').ok('qmp_capabilities') == {}, 'qmp_capabilities')
guest.type('n')
papyr('resume', 'g3')
keys += 1
guest.expect(f'keys {keys:08x}', never=BAD)

# Into a file, which is one pass while it runs, and out of it.
guest.type('s')
status, value, said = migrate('g3', f'file:{folder}/stream')
check(status == 0, f'into a file: {said}')
guest.wait_for_status(0)
guest = Guest(['run', '--incoming', f'file:{folder}/stream', '--name', 'g4'])
ask(guest, 'n', r'storm [0-9a-f]{8}')
keys += 2
guest.expect(f'keys {keys:08x}', never=BAD)
ask(guest, 'r', 'ready')
ask(guest, 'n', 'keys 00000001')
papyr('stop', 'g4')
guest.wait_for_status(0)
