#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small big-endian guests on both models, given as a kernel and built in."""
import os

from papyrtest import Guest, check, fail, workdir

KERNEL = os.environ.get('PAPYR_SMALL_KERNEL', '')

workdir()
for model in ('POWER8', 'POWER7'):
    for cpus in ('1', '4', '4,threads=4'):
        guest = Guest(['run', '--cpu', model, '-c', cpus, '-m', '256M'])
        guest.expect(r'(\d+) checks, 0 failed', 60, never='FAILED|wrong:|unexpected')
        guest.wait_for_status(0)
        check(f'PVR 0x{dict(POWER8="4d0200", POWER7="3f0203")[model]}' in guest.text, 'not the model asked for')

    if not os.path.exists(KERNEL):
        continue
    guest = Guest(['run', '--cpu', model, '-k', KERNEL, '-m', '256M'])
    for name in ('H_ENTER', 'H_READ', 'H_PROTECT', 'H_REMOVE', 'H_BULK_REMOVE/entry', 'H_CLEAR_REF', 'H_CLEAR_MOD',
                 'H_PAGE_INIT/zero', 'H_PAGE_INIT/copy', 'H_PUT_TERM_CHAR/empty'):
        if guest.expect(rf'hcall {name} (\S+)', 60).group(1) == 'none':
            fail(f'there is no {name}')
    guest.expect('done')
    guest.wait_for_status(0)

# Rounds as asked for by kernel arguments.
guest = Guest(['run', '-p', 'rounds=1', '-m', '256M'])
guest.expect('256 pages mapped', 60)
guest.wait_for_status(0)
