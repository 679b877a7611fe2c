#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest that panics ends the command with status 3 and a message, tells who listens, and leaves nothing behind."""
import os
import re
import termios

from papyrtest import PROMPT, Qmp, check, debian, papyr, workdir

folder = workdir()
guest = debian(folder, cpus='2', more=['--name', 'panic'])
guest.expect(PROMPT, 60)
terminal = os.open(os.readlink(f'/proc/{guest.process.pid}/fd/0'), os.O_RDWR | os.O_NOCTTY)
qmp = Qmp('panic')
qmp.ok('qmp_capabilities')
guest.type('echo c >/proc/sysrq-trigger\r')
guest.expect('Kernel panic', 30)
said = qmp.wait_event('GUEST_PANICKED')['x-message']
check('sysrq triggered crash' in said, f'the event lacks the message: {said}')
# Its clients hear why, and then nothing more.
while True:
    event = qmp.receive()
    if event.get('event') == 'SHUTDOWN':
        break
check(event['data'] == {'guest': True, 'reason': 'guest-panic'}, event)
check(qmp.lines.readline() == '', 'the control socket lives on')
guest.expect(re.escape(f'papyr: the guest panicked (ibm,os-term): {said}'), 30)
check(termios.tcgetattr(terminal)[3] & termios.ICANON, 'the terminal is left raw')
os.close(terminal)
guest.wait_for_status(3)
check(not os.listdir(os.path.join(folder, 'papyr')), 'the socket is left behind')
check('panic' not in papyr('list')[0].decode(), 'list knows a guest that is gone')
