#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fresh clone, as README has it: make, one command on Power, and a real project built and tested in Debian."""
import os
import shutil
import subprocess

from papyrtest import PATIENCE, TOP, check, fail, fetch, skip, workdir

fetch('virtio')
folder = workdir()
clone = os.path.join(folder, 'clone')  # papyr's own name is that of its sockets' folder
os.environ['XDG_DATA_HOME'] = os.path.join(folder, 'data')


def shell(line, status=0, seconds=3600):
    """A line as somebody types it in the clone's folder."""
    print('$ ' + line, flush=True)
    try:
        got = subprocess.run(['sh', '-c', line], cwd=clone, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             errors='replace', timeout=seconds * PATIENCE)
    except subprocess.TimeoutExpired:
        fail('it did not end')
    check(got.returncode == status, f'status {got.returncode}: {got.stdout[-2000:]} {got.stderr[-2000:]}')
    return got.stdout


if not shutil.which('git') or subprocess.run(['git', '-C', TOP, 'rev-parse'], capture_output=True, check=False).returncode:
    skip('this is no clone')
subprocess.run(['git', 'clone', '-q', TOP, clone], check=True)
shell('make')
check(shell("build/papyr exec -- sh -c 'uname -m; exit 7'", status=7) == 'ppc64le\n', 'it ran elsewhere')
if not os.path.exists(os.path.join(clone, 'tests', 'sample', 'zlib')):
    skip("make got no source of zlib: no network")
out = shell('build/papyr exec --image debian -v .:/src -w /src -- make -C tests/sample check')
check('*** zlib test OK ***' in out, f'zlib was not tested: {out[-2000:]}')
made = os.stat(os.path.join(clone, 'tests', 'sample', 'zlib', 'libz.a'))
check((made.st_uid, made.st_gid) == (os.geteuid(), os.getegid()), f'libz.a belongs to {made.st_uid}:{made.st_gid}')
check(shell('git status --porcelain') == '', 'what was made is no secret to git')
