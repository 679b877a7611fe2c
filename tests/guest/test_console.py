#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the console is what no person's is: closed, or a terminal of nobody; and initrds beyond what firmware holds."""
import os
import signal
import subprocess

from papyrtest import (CMDLINE, PAPYR, PATIENCE, PROMPT, Guest, check, debian, fetch, make_initrd, workdir)

folder = workdir()

# Without standard input the guest runs all the same, and hears signals.
got = subprocess.run([PAPYR, 'run', '-m', '256M'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                     preexec_fn=lambda: os.close(0), timeout=60 * PATIENCE)
check(got.returncode == 0 and b', 0 failed' in got.stdout, f'without standard input: {got}')

# A terminal that isn't the session's controlling one, as a harness or a container gives it.
guest = debian(folder, controlling=False)
guest.expect(PROMPT, 60)
check(guest.command('echo $((6 * 7))') == '42', 'a terminal of nobody is not read')
guest.type('poweroff -f\r')
guest.wait_for_status(0)

# Memory that isn't a multiple of 16 MiB would hang Linux in silence: it is rounded down, and said so.
guest = debian(folder, memory='500M')
guest.expect('496 MiB', 30)
guest.expect(PROMPT, 60)
guest.type('poweroff -f\r')
guest.wait_for_status(0)

# More initrd than fits below the device tree.
initrd = make_initrd(folder)
os.truncate(initrd, 800 << 20)
guest = Guest(['run', '-k', fetch('kernel'), '-i', initrd, '-p', CMDLINE, '-m', '4G'])
guest.expect(PROMPT, 120)
guest.process.send_signal(signal.SIGTERM)
guest.wait()
