#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A build by four jobs in a shared folder, as a user has it: zlib, by Debian's gcc, on four processors. What is on the host
then is what the guest has, and what the same build makes in a guest's own memory, one job after another; all pass the
project's own tests. Two guests at once build a copy each in one folder."""
import hashlib
import os
import shutil
import subprocess

from papyrtest import PAPYR, PATIENCE, TOP, check, fail, fetch, skip, workdir

fetch('virtio')
folder = workdir()
SECONDS = 900 * PATIENCE
shared = os.path.join(folder, 'shared')
os.mkdir(shared)
got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-sample'), shared], stderr=subprocess.PIPE, text=True)
if got.returncode:
    skip("Debian's sources can't be had: " + got.stderr.strip())
shutil.move(os.path.join(shared, 'zlib'), os.path.join(shared, 'a'))
shutil.copytree(os.path.join(shared, 'a'), os.path.join(shared, 'b'), symlinks=True)
shutil.copytree(os.path.join(shared, 'a'), os.path.join(shared, 'alone'), symlinks=True)

# Objects and libraries have nothing in them of where and when they were made.
SUMS = "find . -type f ! -name '*.log' -print0 | sort -z | xargs -0 sha256sum"
BUILD = f'./configure >/dev/null && make {{jobs}} 2>&1 && make check 2>&1 && {SUMS} >../{{name}}.sums'


def start(script):
    args = [PAPYR, 'exec', '--image', 'debian', '-c', '4', '-m', '1G', '-v', f'{shared}:/shared', '-w', '/shared', '--',
            'sh', '-ec', script]
    print('$ ' + ' '.join(args), flush=True)
    return subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            errors='replace')


def finish(guest):
    try:
        out, err = guest.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        guest.kill()
        fail('it did not end')
    check(guest.returncode == 0 and '*** zlib test OK ***' in out and '*** zlib shared test OK ***' in out,
          f'{guest.returncode}: {out[-3000:]} {err[-1000:]}')


def sums(name):
    with open(os.path.join(shared, name + '.sums')) as f:
        return dict(reversed(line.rstrip('\n').split('  ', 1)) for line in f)


def look_at(name):
    """Each file that the guest saw is here as it was there; nothing else is, and all is of one owner."""
    seen, root, here = sums(name), os.path.join(shared, name), set()
    for path, folders, files in os.walk(root):
        for one in folders + files:
            st = os.lstat(os.path.join(path, one))
            check((st.st_uid, st.st_gid) == (os.geteuid(), os.getegid()), f'{one} belongs to {st.st_uid}:{st.st_gid}')
        for one in files:
            full = os.path.join(path, one)
            if os.path.islink(full) or one.endswith('.log'):
                continue
            with open(full, 'rb') as f:
                found = hashlib.sha256(f.read()).hexdigest()
            word = './' + os.path.relpath(full, root)
            check(seen.get(word) == found, f'{name}: {word} is not what the guest had')
            here.add(word)
    check(here == set(seen), f'{name}: only one side has {here ^ set(seen)}')
    check(os.readlink(os.path.join(root, 'libz.so')).startswith('libz.so.'), 'a link is gone')
    return seen


one = start('cd a; ' + BUILD.format(jobs='-j4', name='a'))
two = start('cd b; ' + BUILD.format(jobs='-j4', name='b'))
finish(one)
finish(two)
finish(start('cp -a alone /tmp/alone; cd /tmp/alone; ' + BUILD.format(jobs='', name='alone') +
             '; cp ../alone.sums /shared'))
first, second, right = look_at('a'), look_at('b'), sums('alone')
made = [name for name in right if name.endswith(('.o', '.lo', '.a', '.pc')) or name.startswith('./libz.so.')]
check(len(made) > 30, f'only {made} was made')
for name in right:
    check(name in first and name in second, f'{name} was not made')
for name in made:
    check(first[name] == second[name] == right[name], f'{name} is another than that which was made in memory')
