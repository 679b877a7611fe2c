#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr profile says where a guest's time goes: the kernel's functions by name, their callers, user programs by address."""
import json
import os
import re

from papyrtest import PROMPT, check, debian, papyr, workdir

folder = workdir()
guest = debian(folder, '2', more=['--name', 'profile'])
guest.expect(PROMPT, 90)
# One processor copies zeroes in the kernel, the other sleeps.
guest.type('dd if=/dev/zero of=/dev/null bs=1M 2>/dev/null &\r')
guest.expect(PROMPT, 30)

profile = json.loads(papyr('profile', 'profile', '-d', '2', '--json')[0])
n = profile['samples']
check(profile['vcpus'] == 2 and n > 300, f'{n} samples of {profile["vcpus"]} processors')
check(n <= 1.2 * 1000 * profile['seconds'] * 2, f'{n} samples in {profile["seconds"]} s: more than there are moments')
check(sum(f['samples'] for f in profile['functions']) == n, 'functions don\'t add up')
check(sum(s['samples'] for s in profile['stacks']) == n, 'stacks don\'t add up')
clear = sum(f['samples'] for f in profile['functions'] if 'clear_user' in f['what'])
check(clear > n / 3, f'dd has the kernel clear its memory, and that is {clear} of {n} samples: {profile["functions"][:5]}')
called = sum(s['samples'] for s in profile['stacks'] if re.search(r'system_call\w*;.*read.*;.*clear_user', s['what']))
check(called > clear / 2, f'who reads has memory cleared, in {called} of {clear} samples: {profile["stacks"][:5]}')

text = papyr('profile', 'profile', '-d', '0.5', '-n', '3')[0].decode()
check(len(re.findall(r'^ *[\d.]+% +\d+ +(kernel|user|real) +\S+$', text, re.M)) == 3, f'not three lines: {text}')
folded = papyr('profile', 'profile', '-d', '0.5', '--folded')[0].decode()
check(all(re.fullmatch(r'(kernel|user|real)(;[^; ]+)+ \d+', line) for line in folded.splitlines()), f'not folded: {folded}')

# Names from a file of one's own, and none at all.
names = os.path.join(folder, 'System.map')
with open(names, 'w', encoding='ascii') as f:
    f.write('c000000000000000 T everything\n')
text = papyr('profile', 'profile', '-d', '0.5', '-s', names)[0].decode()
check('clear_user' not in text, f'names of another file: {text}')
said = papyr('profile', 'profile', '-d', '0.5', '-s', '/dev/null', status=1)[1]
check('no symbols' in said, said)

guest.type('busybox poweroff -f\r')
guest.wait_for_status(0)
