#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What programs do with files all day, several at once, in a folder that papyr exec has of the host: as it is in ext4 of
the same guest, but for differences that are known; git; locks that guest and host want both; and a file that the host
makes shorter while the guest has it mapped."""
import difflib
import fcntl
import os
import re
import shutil
import signal
import subprocess

from papyrtest import PAPYR, PATIENCE, TOP, built, check, fail, fetch, skip, workdir

# Answers that differ from ext4's, and why.
KNOWN = {
    r'renames: st\.st_nlink: .*': "the driver asks by the name, which is another file's now",
    r'kinds: mknod\(.*S_IF(CHR|BLK).*': 'device nodes are not made',
}

fetch('virtio')
folder = workdir()
shared, disk = os.path.join(folder, 'shared'), os.path.join(folder, 'disk')
os.mkdir(shared)
shutil.copy(built('share_work'), shared)
subprocess.run(['/sbin/mke2fs', '-q', '-t', 'ext4', '-b', '4096', disk, '256M'], check=True, stdout=subprocess.DEVNULL)


def start(*args, **more):
    print('$ papyr exec ' + ' '.join(args), flush=True)
    return subprocess.Popen([PAPYR, 'exec', *args], stderr=subprocess.PIPE, text=True, **more)


def run(*args, seconds=120):
    """What it wrote, if its status is 0."""
    process = start(*args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=seconds * PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        fail('it did not end')
    check(process.returncode == 0, f'status {process.returncode}: {out[-2000:]} {err[-2000:]}')
    return out


# ---- As in ext4 ----

out = run('-c', '2', '--keep', '--disk', f'{disk}:/peer', '-v', f'{shared}:/shared', '--', 'sh', '-c',
          """for at in shared peer; do mkdir /$at/work; /shared/share_work /$at/work >/shared/$at.log 2>&1
echo status $? >>/shared/$at.log; done""")


def answers(name):
    with open(os.path.join(shared, name + '.log'), encoding='latin-1') as f:
        lines = f.read().splitlines()
    check(lines[-2:] == ['done', 'status 0'], f'{name}: {lines[-2:]}')
    return lines


right = answers('peer')
for line in ('locks: counted(): 600', 'renames: together(4, look): 4', 'appending: good_lines(4): 1200',
             'maps: together(2, run_program): 2', 'folders: seen(false): 10000'):
    check(line in right, f'ext4 itself does not have {line!r}')
bad = []
for line in difflib.unified_diff(right, answers('shared'), n=0, lineterm=''):
    if re.match(r'---|\+\+\+|@@', line):
        continue
    reason = next((why for pattern, why in KNOWN.items() if re.fullmatch(pattern, line[1:])), None)
    print(line + (f'  ({reason})' if reason else ''))
    if not reason:
        bad.append(line)
check(not bad, f'{len(bad)} answers differ without a reason')
with open(os.path.join(shared, 'work', 'part-4', 'map'), 'rb') as f:
    data = f.read()
check(data[:6] == b'shared' and data[70000:70006] == b'mapped', 'what was mapped is not on the host')
shutil.rmtree(os.path.join(shared, 'work'))

# ---- Locks between guest and host ----

lock = os.path.join(shared, 'lock')
with open(lock, 'w') as held:
    guest = start('-v', f'{shared}:/shared', '-w', '/shared', './share_work', 'hold', 'lock', stdin=subprocess.PIPE,
                  stdout=subprocess.PIPE)
    check(guest.stdout.readline() == '0\n', 'the guest does not get a lock that is free')
    try:
        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fail('the host has a lock that the guest has')
    except OSError:
        pass
    guest.communicate('\n', timeout=60 * PATIENCE)
    # It has ended, and its guest with it.
    fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    out = run('-v', f'{shared}:/shared', '-w', '/shared', 'sh', '-c', './share_work hold lock </dev/null')
    check(out == 'EAGAIN\n', f'the guest has a lock that the host has: {out}')

# ---- A file that the guest maps, and the host makes shorter ----

mapped = os.path.join(shared, 'mapped')
with open(mapped, 'wb') as f:
    f.write(b''.join(bytes([65 + i % 26]) * 65536 for i in range(64)))
guest = start('-v', f'{shared}:/shared', '-w', '/shared', 'sh', '-c', './share_work map mapped && wc -c <mapped',
              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for expected in ('touch(p): 65', 'touch(p + page): 66'):
    line = guest.stdout.readline()
    check(line == f'shorter: {expected}\n', f'a map has {line!r}')
os.truncate(mapped, 1000)
out = guest.communicate('\n', timeout=60 * PATIENCE)[0]
# What it has read it keeps; behind the end there is nothing, and SIGBUS when it has heard of the end.
check(out.replace('shorter: ', '').splitlines() == [
    'touch(p): 65', 'touch(p + page): 66', 'touch(p + 40 * page): 0', 'fstat(fd, &st): 0', 'st.st_size: 1000', 'touch(p): 65',
    f'touch(p + 50 * page): {1000 + signal.SIGBUS}', 'msync(p, page, MS_SYNC): 0', 'munmap(p, bytes): 0', '1000'],
    f'a map whose end went away: {out}')
check(guest.returncode == 0, f'status {guest.returncode}')
with open(mapped, 'rb') as f:
    check(f.read() == b'Aw' + b'A' * 998, 'what it wrote is not on the host, or the file has grown')

# ---- git ----

got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-userland'), 'git'], stdout=subprocess.PIPE, text=True)
if got.returncode:
    skip("git for the guest can't be had; all before it was as it should be")
root = os.path.join(folder, 'root')
os.mkdir(root)
with open(got.stdout.strip(), 'rb') as f:
    subprocess.run(['cpio', '-idm', '--quiet'], cwd=root, stdin=f, check=True)
origin = os.path.join(shared, 'origin')
os.makedirs(origin)
for i in range(300):
    os.makedirs(os.path.join(origin, f'dir{i % 20}'), exist_ok=True)
    with open(os.path.join(origin, f'dir{i % 20}', f'file{i}'), 'w') as f:
        f.write(f'contents {i}\n' * (i + 1))
out = run('-c', '2', '--root', root, '-v', f'{shared}:/shared', '-w', '/shared', '-e', 'HOME=/tmp', '--', 'sh', '-e', '-c', """
git config --global user.name Papyr; git config --global user.email papyr@localhost
git config --global init.defaultBranch main; git config --global --add safe.directory '*'
git init -q origin; git -C origin add .; git -C origin commit -q -m first
git clone -q origin clone; cd clone
git status --porcelain; echo changed >>dir0/file0; rm dir1/file1; echo new >added; git status --porcelain
git add -A; git commit -q -m second; git status --porcelain; git log --format=%s
git checkout -q -b other HEAD~1; cat dir0/file0; git merge -q main 2>&1; git gc -q; git fsck --no-progress; git stash list
git push -q origin other; cd ../origin; git log --format=%s other""", seconds=240)
check(out == ' M dir0/file0\n D dir1/file1\n?? added\nsecond\nfirst\ncontents 0\nsecond\nfirst\n', f'git says: {out}')
check(not os.path.exists(os.path.join(shared, 'clone', '.git', 'index.lock')), 'a lock of git\'s is left')
with open(os.path.join(shared, 'clone', 'dir0', 'file0')) as f:
    check(f.read() == 'contents 0\nchanged\n', 'a file on the host')
