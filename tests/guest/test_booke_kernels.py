#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The small Linux guests for BookE processors that tools/cross-booke builds boot to a shell on QEMU's machines of
their names: what Papyr's are compared with. Without them the test is skipped, or with the argument "build" they are
built, which takes a while."""
import os
import shutil
import subprocess
import sys

from papyrtest import PROMPT, TOP, Guest, check, skip, workdir

BAD = r'Kernel panic.*|Oops.*|Unable to handle.*|BUG:.*'
QEMU = shutil.which('qemu-system-ppc')
if not QEMU:
    skip('there is no qemu-system-ppc')
folder = workdir()


def cross_booke(what):
    offline = [] if 'build' in sys.argv else ['--offline']
    got = subprocess.run([os.path.join(TOP, 'tools', 'cross-booke'), *offline, what], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("the BookE guests aren't there (tools/cross-booke builds them): " + got.stderr.strip())
    return got.stdout.strip()


initrd = os.path.join(folder, 'initrd')
made = subprocess.run([os.path.join(TOP, 'tools', 'make-initrd'), cross_booke('busybox'), initrd],
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
check(made.returncode == 0, made.stdout)


def boot(machine, processor):
    kernel = cross_booke(machine)
    guest = Guest(['-M', machine, '-nodefaults', '-net', 'none', '-m', '256M', '-kernel', kernel, '-initrd', initrd,
                   '-append', 'console=ttyS0', '-display', 'none', '-monitor', 'none', '-serial', 'stdio'], program=QEMU)
    guest.expect(PROMPT, 90, never=BAD)
    check(guest.command('uname -m') == 'ppc', 'not a kernel of 32 bits')
    cpuinfo = guest.command('cat /proc/cpuinfo')
    check(processor in cpuinfo, f'not a {processor}: {cpuinfo}')
    # Neither of them has what this is compiled for.
    check(guest.command("awk 'BEGIN { print 1 / 3 }'") == '0.333333', 'floating point errs')
    text = guest.command('seq 20000 | sha256sum', 60)
    check('f6351f5ead9a700e34275480b3856ea738122a7c57bdeb744a631251c069587a' in text, f'another sum: {text}')
    guest.kill()


boot('bamboo', '440EP')
boot('ppce500', 'e500v2')
