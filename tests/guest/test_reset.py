#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A reboot, asked for by the guest and by the control socket, starts the guest again; Ctrl-A x ends it."""
from papyrtest import PROMPT, Qmp, debian, workdir

guest = debian(workdir(), more=['--name', 'reset'])
guest.expect(PROMPT, 60)
guest.type('reboot\r')
guest.expect('Linux version', 30)
guest.expect(PROMPT, 60)
qmp = Qmp('reset')
qmp.ok('qmp_capabilities')
qmp.ok('system_reset')
guest.expect('Linux version', 30)
guest.expect(PROMPT, 60)
guest.type('\x01x')
guest.wait_for_status(0)
