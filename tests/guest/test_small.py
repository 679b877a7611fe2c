#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small big-endian guests on all models, given as a kernel and built in."""
import os

from papyrtest import Guest, check, fail, papyr, until, workdir

KERNEL = os.environ.get('PAPYR_SMALL_KERNEL', '')

folder = workdir()
PVR = dict(POWER8='4d0200', POWER7='3f0203', PPC970='390202')

for model, *rma in (('POWER8',), ('POWER7',), ('POWER7', '--rma-size', '128M'), ('PPC970',)):
    for cpus in ('1', '4') if model == 'PPC970' else ('1', '4', '4,threads=4'):
        guest = Guest(['run', '--cpu', model, *rma, '-c', cpus, '-m', '256M'])
        guest.expect(r'(\d+) checks, 0 failed', 60, never='FAILED|wrong:|unexpected')
        guest.wait_for_status(0)
        check(f'PVR 0x{PVR[model]}' in guest.text, 'not the model asked for')

    if not os.path.exists(KERNEL):
        continue
    guest = Guest(['run', '--cpu', model, *rma, '-k', KERNEL, '-m', '256M'])
    for name in ('H_ENTER', 'H_READ', 'H_PROTECT', 'H_REMOVE', 'H_BULK_REMOVE/entry', 'H_CLEAR_REF', 'H_CLEAR_MOD',
                 'H_PAGE_INIT/zero', 'H_PAGE_INIT/copy', 'H_PUT_TERM_CHAR/empty'):
        if guest.expect(rf'hcall {name} (\S+)\s', 60).group(1) == 'none':
            fail(f'there is no {name}')
    guest.expect('done')
    guest.wait_for_status(0)

# Rounds as asked for by kernel arguments.
guest = Guest(['run', '-p', 'rounds=1', '-m', '256M'])
guest.expect('256 pages mapped', 60)
guest.wait_for_status(0)

# With an area of its own: saved and restored in the midst of its work; with another area it is refused.
for model, *rma in (('PPC970',), ('POWER7', '--rma-size', '128M')):
    image = os.path.join(folder, model + '.img')
    guest = Guest(['run', '--cpu', model, *rma, '-p', 'storm', '-m', '256M', '--name', 'areas'])
    guest.expect('memory as it should be', 60)
    papyr('save', 'areas', image)
    guest.wait_for_status(0)
    again = Guest(['run', '--restore', image, *rma, '--name', 'again'])
    again.expect('memory as it should be', 60, never='FAILED|wrong:|unexpected')
    papyr('stop', 'again')
    again.wait_for_status(0)
    check('real-mode area' in papyr('run', '--restore', image, '--rma-size', '64M', status=1)[1], 'not refused')

# And moved.
there = Guest(['run', '--incoming', f'unix:{folder}/s', '--name', 'there'])
until('the waiting papyr', lambda: os.path.exists(f'{folder}/s'))
here = Guest(['run', '--cpu', 'PPC970', '-p', 'storm', '-m', '256M', '--name', 'here'])
here.expect('memory as it should be', 60)
papyr('migrate', 'here', f'unix:{folder}/s')
here.wait_for_status(0)
there.expect('memory as it should be', 60, never='FAILED|wrong:|unexpected')
papyr('stop', 'there')
there.wait_for_status(0)
