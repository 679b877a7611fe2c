#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A big-endian Linux on a PPC970, which has a real-mode area, and on a POWER7, with one and without: to a shell, what
the processor is and can, saved, restored and moved. The kernel is built by tools/cross-guest, which takes a while:
without it the test is skipped, or with the argument "build" has it built."""
import os
import subprocess
import sys

from papyrtest import PROMPT, TOP, Guest, built, check, papyr, skip, until, workdir

BAD = r'wrong: .*|Kernel panic.*|Oops.*|Unable to handle.*|BUG:.*'
folder = workdir()


def cross_guest(what):
    offline = [] if 'build' in sys.argv else ['--offline']
    got = subprocess.run([os.path.join(TOP, 'tools', 'cross-guest'), *offline, what], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("the big-endian guest isn't there (tools/cross-guest builds it): " + got.stderr.strip())
    return got.stdout.strip()


kernel = cross_guest('kernel')
initrd = os.path.join(folder, 'initrd')
made = subprocess.run([os.path.join(TOP, 'tools', 'make-initrd'), cross_guest('busybox'), initrd, built('big_endian')],
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
check(made.returncode == 0, made.stdout)


def boot(model, *more):
    guest = Guest(['run', '--cpu', model, '-k', kernel, '-i', initrd, '-p', 'console=hvc0', '-m', '256M', *more])
    guest.expect(PROMPT, 60, never=BAD)
    return guest


def look(guest, processor, slb):
    check(guest.command('uname -m') == 'ppc64', 'not a big-endian kernel')
    cpuinfo = guest.command('cat /proc/cpuinfo')
    check(processor in cpuinfo, f'not a {processor}: {cpuinfo}')
    size = guest.command('hexdump /proc/device-tree/cpus/*@0/*slb-size')
    check(f' 0000 {slb:04x}' in size, f'an SLB of {size}')
    text = guest.command('seq 20000 | sha256sum')
    check('f6351f5ead9a700e34275480b3856ea738122a7c57bdeb744a631251c069587a' in text, f'another sum: {text}')
    text = guest.command('/root/big_endian check ' + processor[3 if processor == 'PPC970' else 0:], 60)
    check(', 0 failed' in text, text)


def power_off(guest):
    guest.type('poweroff\r')
    guest.wait_for_status(0)


guest = boot('PPC970', '-c', '2', '--rma-size', '128M', '--rma-count', '2', '--name', 'here')
check(guest.command('nproc') == '2', 'not two processors')
look(guest, 'PPC970', 64)

# In the midst of work: saved and restored, and moved.
guest.type('/root/big_endian work\r')
guest.expect(r'beat 3\b', 60, never=BAD)
image = os.path.join(folder, 'image')
papyr('save', 'here', image)
guest.wait_for_status(0)
here = Guest(['run', '--restore', image, '--name', 'here'])
here.expect(r'beat \d+', 60, never=BAD)
there = Guest(['run', '--incoming', f'unix:{folder}/s', '--name', 'there'])
until('the waiting papyr', lambda: os.path.exists(f'{folder}/s'))
papyr('migrate', 'here', f'unix:{folder}/s')
here.wait_for_status(0)
for _ in range(3):
    there.expect(r'beat \d+', 60, never=BAD)
there.type('\x03')
there.expect(PROMPT)
look(there, 'PPC970', 64)
power_off(there)

for area in ([], ['--rma-size', '64M']):
    guest = boot('POWER7', '-c', '4,threads=4', *area)
    check(guest.command('nproc') == '4', 'not four processors')
    look(guest, 'POWER7', 32)
    power_off(guest)
