#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest that panics ends the command with status 3, and a message."""
from papyrtest import PROMPT, check, debian, workdir

guest = debian(workdir())
guest.expect(PROMPT, 60)
guest.type('echo c >/proc/sysrq-trigger\r')
guest.expect('Kernel panic', 30)
guest.wait_for_status(3)
check('panicked' in guest.text, 'papyr does not say that the guest panicked')
