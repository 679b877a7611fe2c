#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A board's guest that is saved while it works, at moments that nobody chose, and restored, again and again: each of its
sums, some of which are begun in one process and ended in the next, must be the one that QEMU's machine of that name
comes to, or else the one of a guest that was never saved. By both engines."""
import os
import random
import re
import shutil
import sys
import time

from boardtest import board_kernel
from papyrtest import Guest, check, papyr, workdir

SAVES = 10  # by each engine
folder = workdir()
name = sys.argv[1]
kernel = board_kernel(name)
image = os.path.join(folder, 'image')
seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
print(f'seed {seed}')
random.seed(seed)


def first_sum(guest):
    guest.expect('ready')
    guest.type('b')
    return guest.expect('sum ([0-9a-f]{8})\r', never='wrong|lost').group(1)


def printed(guest):
    """What the guest wrote, without what papyr itself tells of a long restore."""
    return re.sub('\r?Restoring[^\x1b]*\x1b\\[K', '', guest.text).replace('\r\x1b[K', '')


def the_right_sum():
    qemu = shutil.which('qemu-system-ppc')
    if qemu:
        guest = Guest(['-M', name, '-nodefaults', '-net', 'none', '-m', '256M', '-kernel', kernel, '-display', 'none',
                       '-monitor', 'none', '-serial', 'stdio'], program=qemu)
    else:
        guest = Guest(['run', '-M', name, '-m', '64M', '-k', kernel])
    found = first_sum(guest)
    guest.kill()
    return found


def busy(engine, right):
    guest = Guest(['run', '-M', name, '-m', '64M', '-k', kernel, '--name', 'g', '--engine', engine])
    check(first_sum(guest) == right, 'the first sum is wrong')
    text = ''
    for _ in range(SAVES):
        time.sleep(random.uniform(0, 0.15))
        papyr('save', 'g', image)
        guest.wait_for_status(0)
        text += printed(guest)
        guest = Guest(['run', '--restore', image, '--name', 'g', '--engine', engine])
        # Whatever was begun ends, and the next that is begun too.
        guest.expect('sum [0-9a-f]{8}\r', never='wrong|lost')
        guest.expect('sum [0-9a-f]{8}\r', never='wrong|lost')
    # It hears, and its timer rings.
    guest.type('n')
    guest.expect('keys 00000002', never='wrong|lost')
    guest.type('t')
    guest.expect('timer ok', never='wrong|lost')
    text += printed(guest)
    papyr('stop', 'g')
    guest.wait_for_status(0)
    sums = re.findall('sum ([0-9a-f]{8})\r', text)
    check(len(sums) > 2 * SAVES and set(sums) == {right}, f'not always {right}: {sums}')
    check('wrong' not in text and 'lost' not in text, text)


right = the_right_sum()
for engine in ('portable', 'native'):
    busy(engine, right)
