#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images that were cut, altered, or made by a later version are refused with the reason, before any guest runs."""
import os
import random
import struct
import time

from papyrtest import Guest, check, papyr, workdir

VERSION_AT = 8  # in the file's header

seed = int(os.environ.get('PAPYR_SEED', time.time()))
print(f'PAPYR_SEED={seed}')
random.seed(seed)
folder = workdir()
image = os.path.join(folder, 'image')
bad = os.path.join(folder, 'bad')


def refused(data, what, *reasons):
    """One of @reasons is in the message; no reasons: any message will do."""
    with open(bad, 'wb') as f:
        f.write(data)
    out, err = papyr('run', '--restore', bad, status=1)
    print(f'{what}: {err.strip()}')
    check(not out, f'{what}: a guest ran: {out[:200]!r}')
    check(err.startswith('papyr') and (not reasons or any(r in err for r in reasons)),
          f'{what}: the message does not say why: {err!r}')


guest = Guest(['run', '--name', 'images', '-p', 'storm', '-m', '64M', '-c', '2'])
guest.expect('memory as it should be', 60)
papyr('save', 'images', image)
guest.wait_for_status(0)
with open(image, 'rb') as f:
    good = f.read()

# It works as it is, and is told apart from what is no image at all.
guest = Guest(['run', '--restore', image, '--name', 'images'])
guest.expect('memory as it should be', 60, never='FAILED')
papyr('stop', 'images')
guest.wait_for_status(0)
refused(b'', 'an empty file')
refused(b'#!/bin/sh\n' * 1000, 'a script')
refused(os.urandom(100000), 'noise')
check('no-such-file' in papyr('run', '--restore', os.path.join(folder, 'no-such-file'), status=1)[1],
      'a file that is not there')
papyr('run', '--restore', folder, status=1)

for keep in [1, 7, 8, 63, 64, 100, len(good) // 2, len(good) - 64, len(good) - 1]:
    refused(good[:keep], f'cut to {keep} of {len(good)} bytes')
refused(good + b'x', 'one byte more')
refused(good[:-4096] + good[-4096:][::-1], 'the end turned around')

newer = bytearray(good)
newer[VERSION_AT:VERSION_AT + 4] = struct.pack('<I', struct.unpack_from('<I', good, VERSION_AT)[0] + 1)
refused(newer, 'of the next version', 'version', 'newer')

for n in range(40):
    at = n * 2 if n < 32 else random.randrange(len(good))
    altered = bytearray(good)
    altered[at] ^= 1 << random.randrange(8)
    refused(altered, f'a bit of byte {at} altered')

# A save that can't be written leaves what was there, and the guest goes on.
guest = Guest(['run', '--name', 'images', '-p', 'storm', '-m', '64M'])
guest.expect('memory as it should be', 60)
papyr('save', 'images', os.path.join(folder, 'no', 'such', 'folder'), status=1)
guest.expect('memory as it should be', 60)
papyr('stop', 'images')
guest.wait_for_status(0)
