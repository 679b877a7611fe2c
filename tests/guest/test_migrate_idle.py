#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest that does nothing, in memory that is nearly all zero, moves at once within the standstill that is usual: what
looking through its memory takes is no speed of the link."""
import os
import struct
import time

from papyrtest import Guest, papyr, until, until_running, workdir

MOVES = 5

folder = workdir()
kernel = os.path.join(folder, 'spin')
with open(kernel, 'wb') as f:
    f.write(struct.pack('>I', 0x48000000))  # b .

for memory in ('4G', '64M'):
    guest = Guest(['run', '-k', kernel, '-m', memory, '--name', 'idle0'])
    until_running('idle0')
    for move in range(MOVES):
        socket = os.path.join(folder, f'move{move}')
        there = Guest(['run', '--incoming', f'unix:{socket}', '--name', f'idle{move + 1}'])
        until('its socket', lambda: os.path.exists(socket))
        begun = time.monotonic()
        papyr('migrate', f'idle{move}', f'unix:{socket}')
        print(f'{memory}, move {move}: {time.monotonic() - begun:.1f} s', flush=True)
        guest.wait_for_status(0)
        guest = there
    papyr('stop', f'idle{MOVES}')
    guest.wait_for_status(0)
