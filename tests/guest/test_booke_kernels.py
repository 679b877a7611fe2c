#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The small Linux guests for BookE processors that tools/cross-booke builds boot to a shell on Papyr's boards, by both
engines, go on after they were saved and restored, and moved while they work, and boot on QEMU's machines of the same
names. Without them the test is skipped, or with the argument "build" they are built, which takes a while."""
import os
import shutil
import subprocess
import sys
import time

from migratetest import migrate, wait_listening
from papyrtest import PROMPT, TOP, Guest, check, papyr, skip, workdir

BAD = r'Kernel panic.*|Oops.*|Unable to handle.*|BUG:.*'
QEMU = shutil.which('qemu-system-ppc')
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


def examine(guest, processor):
    guest.expect(PROMPT, 90, never=BAD)
    check(guest.command('uname -m') == 'ppc', 'not a kernel of 32 bits')
    cpuinfo = guest.command('cat /proc/cpuinfo')
    check(processor in cpuinfo, f'not a {processor}: {cpuinfo}')
    # Neither of them has what this is compiled for.
    check(guest.command("awk 'BEGIN { print 1 / 3 }'") == '0.333333', 'floating point errs')
    check_sum(guest)


def check_sum(guest):
    text = guest.command('seq 20000 | sha256sum', 60)
    check('f6351f5ead9a700e34275480b3856ea738122a7c57bdeb744a631251c069587a' in text, f'another sum: {text}')


def on_qemu(machine, processor):
    guest = Guest(['-M', machine, '-nodefaults', '-net', 'none', '-m', '256M', '-kernel', cross_booke(machine),
                   '-initrd', initrd, '-append', 'console=ttyS0', '-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
                  program=QEMU)
    examine(guest, processor)
    guest.kill()


def move(guest, engine):
    """To another papyr, in the middle of its work."""
    uri = f'unix:{folder}/move'
    there = Guest(['run', '--incoming', uri, '--name', 'moved', '--engine', engine])
    wait_listening(uri)
    guest.type('echo more: $(for i in $(seq 50); do seq 1000 | sha256sum; done | sort -u | wc -l)\r')
    guest.expect(r'wc -l\)\s*\r\n')
    status, _, said = migrate('booke', uri, '--downtime-ms', '2000')
    check(status == 0, f'it did not move: {said}')
    guest.wait_for_status(0)
    there.expect('more: 1\r', 120, never=BAD)
    there.expect(PROMPT)
    check_sum(there)
    return there


def on_papyr(machine, processor, engine):
    image = os.path.join(folder, 'image')
    guest = Guest(['run', '-M', machine, '-m', '256M', '-k', cross_booke(machine), '-i', initrd, '-p', 'console=ttyS0',
                   '--name', 'booke', '--engine', engine])
    examine(guest, processor)
    # Saved while it works.
    guest.type('echo sums: $(for i in $(seq 100); do seq 1000 | sha256sum; done | sort -u | wc -l)\r')
    guest.expect(r'wc -l\)\s*\r\n')
    papyr('save', 'booke', image)
    guest.wait_for_status(0)
    guest = Guest(['run', '--restore', image, '--name', 'booke', '--engine', engine])
    guest.expect('sums: 1\r', 120, never=BAD)
    guest.expect(PROMPT)
    check_sum(guest)
    guest = move(guest, engine)
    # Its time goes on as the host's.
    began = time.monotonic()
    before = float(guest.command('cat /proc/uptime').split()[0])
    time.sleep(2)
    passed = float(guest.command('cat /proc/uptime').split()[0]) - before
    check(1.9 <= passed <= time.monotonic() - began + 0.1, f'two seconds took {passed}')
    papyr('stop', 'moved')
    guest.wait_for_status(0)


for machine, processor in (('bamboo', '440EP'), ('ppce500', 'e500v2')):
    if QEMU:
        on_qemu(machine, processor)
    for engine in ('portable', 'native'):
        on_papyr(machine, processor, engine)
