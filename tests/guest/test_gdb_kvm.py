#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A debugger at a guest that runs on Linux's KVM, on an emulated POWER machine: registers, memory, continuing and interrupting are
there; of what that KVM hasn't, it is told so, and the guest goes on when it leaves."""
import os
import re
import subprocess

from papyrtest import BUILT, PATIENCE, SKIP, TOP, check, skip, workdir

folder = workdir()


def tool(*command, seconds):
    print('$ ' + ' '.join(command), flush=True)
    got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=seconds * PATIENCE)
    print(got.stdout)
    if got.returncode == SKIP:
        skip(got.stdout.strip().split('\n')[-1])
    return got


power = os.path.join(BUILT, 'ppc64le')
check(tool(os.path.join(TOP, 'tools', 'cross-ppc64le'), power, seconds=400).returncode == 0, 'the build for ppc64le')
got = tool(os.path.join(TOP, 'tests', 'kvm', 'linux-kvm-run'), '-s', '500', '-t', '550', '-o', folder, '-f',
           os.path.join(power, 'src', 'cmd', 'papyr'), os.path.join(TOP, 'tests', 'guest', 'gdb-over'), seconds=600)
said = got.stdout.replace('\r', '')


def answered(packet, pattern):
    check(re.search(rf'^{packet} -> {pattern}$', said, re.M), f'{packet}: the answer is not {pattern}')


check(got.returncode == 0, f'exit status {got.returncode}')
check(said.count('the guest goes on') == 3, 'the guest does not go on')
answered('QStartNoAckMode', 'OK')
answered(r'\?', 'T0[25].*')
answered('g', '[0-9a-f]{700,}')
answered('p20', '0{8}[0-3][0-9a-f]{7}')  # in its 64 MiB
answered('m[0-9a-f]{16},4', '(?!0{8})[0-9a-f]{8}')
for kind in '012':
    answered(f'Z{kind},.*', 'E01')
answered('vCont;s:1', "E[.]this host's KVM can't step guests.*")
answered('interrupted', 'T02.*')
answered('D', 'OK')
