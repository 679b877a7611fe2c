#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing is left of many commands, half of which are killed at random moments: no process, socket, mount or file.

test_exec_left.py N: of N, restored, booted, with a folder, a port, and in an image.
"""
import glob
import os
import random
import signal
import socket
import subprocess
import sys
import tarfile
import time

from papyrtest import PAPYR, PATIENCE, check, fetch, papyr, until, workdir

guest_files = os.path.dirname(fetch('kernel'))
folder = workdir()
cache = os.path.join(folder, 'cache', 'papyr')
shared = os.path.join(folder, 'shared')
os.makedirs(cache)
os.mkdir(shared)
os.symlink(guest_files, os.path.join(cache, os.path.basename(guest_files)))
os.environ['XDG_CACHE_HOME'] = os.path.dirname(cache)
os.environ['XDG_DATA_HOME'] = os.path.join(folder, 'data')
os.environ['TMPDIR'] = os.path.join(folder, 'tmp')  # what is left there is ours
os.mkdir(os.environ['TMPDIR'])
os.environ.pop('PAPYR_CACHE_SIZE', None)
with open(os.path.join(shared, 'file'), 'w', encoding='utf-8') as f:
    f.write('one\n')


def make_images():
    with tarfile.open(os.path.join(folder, 'system.tar'), 'w') as t:
        t.add(fetch('busybox'), 'bin/busybox')
        for name in ('sh', 'cat', 'echo'):
            e = tarfile.TarInfo(f'bin/{name}')
            e.type, e.linkname = tarfile.SYMTYPE, 'busybox'
            t.addfile(e)
    for image in 'tiny', 'kept':
        papyr('image', 'import', os.path.join(folder, 'system.tar'), image)


with socket.socket() as s:
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
make_images()
KINDS = [('-v', f'{shared}:/a'), ('-p', f'{port}:80', '-v', f'{shared}:/a'), ('--image', 'tiny', '-v', f'{shared}:/a'),
         ('--cold', '-v', f'{shared}:/a'), ('--image', 'kept', '--keep', '-v', f'{shared}:/a')]


def processes():
    """Those that have this test's folder in their environment, but for itself."""
    found = []
    for path in glob.glob('/proc/[0-9]*/environ'):
        try:
            with open(path, 'rb') as f:
                if folder.encode() in f.read() and int(path.split('/')[2]) != os.getpid():
                    found.append(path)
        except OSError:
            pass
    return found


def files(top):
    return sorted(os.path.relpath(os.path.join(d, name), top) for d, names, more in os.walk(top) for name in names + more)


def left():
    with open('/proc/self/mounts', encoding='utf-8') as f:
        mounts = f.read()
    with open('/proc/net/unix', encoding='utf-8') as f:
        sockets = [line for line in f if folder in line]
    return {'files': files(folder), 'shared memory': [n for n in os.listdir('/dev/shm') if 'papyr' in n], 'mounts': mounts, 'sockets': sockets}


def kill(p):
    """The command's process, by what people and managers send; or its guest's, as the kernel does when memory is short."""
    time.sleep(random.choice((random.uniform(0, 0.3), random.uniform(0, 3))))
    number = random.choice((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL, None))
    if number:
        p.send_signal(number)
        return
    try:
        with open(f'/proc/{p.pid}/task/{p.pid}/children', encoding='utf-8') as f:
            for pid in f.read().split():
                os.kill(int(pid), signal.SIGKILL)
    except OSError:
        pass


def run(kind, killed):
    p = subprocess.Popen([PAPYR, 'exec', *kind, 'sh', '-c', 'cat /a/file; exit 3'], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if killed:
        kill(p)
    out, err = p.communicate(timeout=120 * PATIENCE)
    check(killed or (out, err, p.returncode) == ('one\n', '', 3), f'{kind}: {out}, {err}, status {p.returncode}')


def guest_killed():
    """Its socket, which it can't remove itself."""
    place = os.path.join(folder, 'papyr')
    p = subprocess.Popen([PAPYR, 'exec', 'sh', '-c', 'echo on; sleep 1000'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    check(p.stdout.readline() == b'on\n' and os.listdir(place) == [f'exec-{p.pid}.sock'], f'there is {os.listdir(place)}')
    with open(f'/proc/{p.pid}/task/{p.pid}/children', encoding='utf-8') as f:
        for pid in f.read().split():
            os.kill(int(pid), signal.SIGKILL)
    p.communicate(timeout=60 * PATIENCE)
    check(p.returncode == 125 and not os.listdir(place), f'status {p.returncode}, left: {os.listdir(place)}')


guest_killed()
# The images of guests are what stays.
for kind in KINDS:
    run(kind, False)
until('the end of all guests', lambda: not processes())
before = left()
for i in range(int(sys.argv[1])):
    kind = KINDS[i // 2 % len(KINDS)]
    run(kind, i % 2)
until('the end of all guests', lambda: not processes(), 60)
# Sweeps away what who was killed began in the cache; and an image that was removed since its guest was killed is there again.
for kind in KINDS:
    run(kind, False)
until('the end of all guests', lambda: not processes(), 60)
after = left()
for what, was in before.items():
    check(was == after[what], f'{what} are left: {after[what]}; it was {was}')
with socket.create_server(('127.0.0.1', port)):
    pass
