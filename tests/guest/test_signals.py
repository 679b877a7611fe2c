#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signals end a guest in order, also one whose terminal stands still."""
import os
import select
import signal
import termios

from papyrtest import PATIENCE, Guest, check, papyr, running, until, workdir

folder = workdir()
SOCKET = os.path.join(folder, 'papyr', 'signals.sock')


def storm():
    guest = Guest(['run', '--name', 'signals', '-p', 'storm', '-m', '64M'])
    guest.expect('memory as it should be', 60)
    return guest


def gone(guest):
    check(not os.path.exists(SOCKET), 'the socket is left behind')
    check('signals' not in papyr('list')[0].decode(), 'list knows a guest that is gone')


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    guest = storm()
    # No other thread may take it: there it would end the process at once.
    tasks = f'/proc/{guest.process.pid}/task'
    for task in os.listdir(tasks):
        for line in open(f'{tasks}/{task}/status'):
            if line.startswith('SigBlk:'):
                check(int(line.split()[1], 16) >> (number - 1) & 1, f'thread {task} takes signal {number}')
    terminal = os.open(os.readlink(f'/proc/{guest.process.pid}/fd/0'), os.O_RDWR | os.O_NOCTTY)
    os.kill(guest.process.pid, number)
    guest.expect(f'papyr: ended by signal {int(number)} ')
    check(termios.tcgetattr(terminal)[3] & termios.ICANON, 'the terminal is left raw')
    os.close(terminal)
    guest.wait_for_status(1)
    gone(guest)

# Nobody reads what it prints.
guest = storm()
terminal = os.open(os.readlink(f'/proc/{guest.process.pid}/fd/1'), os.O_WRONLY | os.O_NOCTTY)
until('a terminal that takes no more', lambda: not select.select([], [terminal], [], 0)[1], 60)
os.close(terminal)
os.kill(guest.process.pid, signal.SIGTERM)
check(guest.process.wait(20 * PATIENCE) == 1, 'not in order')
running.remove(guest)
gone(guest)
