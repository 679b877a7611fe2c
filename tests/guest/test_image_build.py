#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr image build: Debian, built when it is asked for, builds and tests a real project in a folder of the host's; with
other packages; and one that is stopped in the middle."""
import json
import os
import shutil
import signal
import subprocess
import time

from papyrtest import PAPYR, PATIENCE, TOP, check, fail, fetch, skip, workdir

fetch('virtio')
folder = workdir()
os.environ['XDG_DATA_HOME'] = os.path.join(folder, 'data')
images = os.path.join(folder, 'data', 'papyr', 'images')
SECONDS = 600 * PATIENCE


def stage(what, began=time.monotonic()):
    print(f'---- {time.monotonic() - began:.0f} s: {what}', flush=True)


def run(*args, seconds=SECONDS):
    print('$ papyr ' + ' '.join(args), flush=True)
    try:
        got = subprocess.run([PAPYR, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, text=True,
                             errors='replace')
    except subprocess.TimeoutExpired:
        fail('it did not end')
    return got.returncode, got.stdout, got.stderr


def refused(why, *args):
    code, out, err = run(*args)
    check(code == 1 and not out and why in err, f'{args}: {code}, {out}, {err}')


project = os.path.join(folder, 'project')
shutil.copytree(os.path.join(TOP, 'tests', 'sample'), os.path.join(project, 'sample'),
                ignore=shutil.ignore_patterns('zlib'))
got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-sample'), os.path.join(project, 'sample')], stderr=subprocess.PIPE,
                     text=True)
if got.returncode:
    skip("Debian's packages can't be had: " + got.stderr.strip())

# ---- What can't be built ----

refused('debian[:SUITE]', 'image', 'build', 'fedora', 'x')
refused("no suite of Debian's", 'image', 'build', 'debian:../x', 'x')
refused("no package's name", 'image', 'build', '--include=make,-o', 'debian', 'x')
refused("is no image's name", 'image', 'build', 'debian', 'a/b')
refused('Unable to locate package', 'image', 'build', '--include', 'papyr-has-no-such', 'debian', 'x')
refused('no network?', 'image', 'build', 'debian:nosuch', 'x')
check(os.listdir(images) == [], f'{os.listdir(images)} is left of what could not be built')

# ---- One that is stopped: nobody sees it, and the next sweeps it away ----

victim = subprocess.Popen([PAPYR, 'image', 'build', 'debian', 'debian'], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
check(b'getting packages' in victim.stderr.readline(), 'it did not begin')
victim.send_signal(signal.SIGKILL)
victim.wait()
victim.stderr.read()  # its script is gone too
check(run('image', 'list', '--json') == (0, '[]\n', ''), 'half an image is listed')

# ---- The usual one comes when it is asked for ----

stage('it is built')
code, out, err = run('exec', '--image', 'debian', '--', 'sh', '-c', 'uname -m; dpkg --audit; gcc -dumpmachine')
check(code == 0 and out == 'ppc64le\npowerpc64le-linux-gnu\n' and 'it is built now' in err, f'{code}, {out}, {err}')
check(os.listdir(images) == ['debian'], f'{os.listdir(images)} are there')
code, out, err = run('image', 'info', '--json', 'debian')
info = json.loads(out)
check(info['source'] == 'debian' and info['packages'] == ['gcc', 'libc6-dev', 'make'], f'{info}')
refused('there is an image debian already', 'image', 'build', 'debian', 'debian')

# ---- A real project: its files are on the host, and are its user's ----

stage('zlib is built')
share = ('exec', '--image', 'debian', '-m', '1G', '-v', f'{project}:/src', '-w', '/src', '--')
code, out, err = run(*share, 'make', '-C', 'sample', 'check', seconds=3 * SECONDS)
check(code == 0 and '*** zlib test OK ***' in out and '*** zlib shared test OK ***' in out, f'{code}, {out[-2000:]}, {err}')
with open(os.path.join(project, 'sample', 'zlib', 'example'), 'rb') as f:
    head = f.read(20)
check(head[:6] == b'\x7fELF\x02\x01' and head[18:20] == b'\x15\0', f'it compiled for another machine: {head}')
for path, _, files in os.walk(project):
    for name in files:
        st = os.lstat(os.path.join(path, name))
        check((st.st_uid, st.st_gid) == (os.geteuid(), os.getegid()), f'{name} belongs to {st.st_uid}:{st.st_gid}')
with open(os.path.join(project, 'sample', 'zlib', 'adler32.c'), 'a') as f:
    f.write('#error broken\n')
code, out, err = run(*share, 'make', '-C', 'sample', 'check')
check(code == 2 and '#error broken' in err, f'{code}, {out}, {err}')

# ---- What was changed in it went ----

code, out, err = run('exec', '--image', 'debian', 'sh', '-c', 'rm -r /usr/bin/gcc /etc; echo gone >/root/file')
check((code, out, err) == (0, '', ''), f'{code}, {out}, {err}')
code, out, err = run('exec', '--image', 'debian', 'sh', '-c', 'ls /root; gcc -dumpmachine; id -un')
check((code, out, err) == (0, 'powerpc64le-linux-gnu\nroot\n', ''), f'{code}, {out}, {err}')

# ---- Another, of a suite that is said, with other packages: a script needs an awk that isn't the usual one ----

stage('another is built')
code, out, err = run('exec', '--image', 'debian', 'sh', '-c', '. /etc/os-release; echo $VERSION_CODENAME')
suite = out.strip()
code, out, err = run('image', 'build', '--include', 'lua5.4,gawk,libpaper-utils', f'debian:{suite}', 'lua')
check(code == 0 and not out, f'{code}, {out}, {err}')
code, out, err = run('exec', '--image', 'lua', '-u', 'nobody', 'lua5.4', '-e', 'print(6 * 7)')
check((code, out, err) == (0, '42\n', ''), f'{code}, {out}, {err}')
code, out, err = run('exec', '--image', 'lua', 'awk', 'BEGIN { print gensub(/a/, "b", 1, "a") }')
check((code, out, err) == (0, 'b\n', ''), f'{code}, {out}, {err}')
check(run('exec', '--image', 'lua', 'gcc')[0] == 127, 'it has a compiler that nobody asked for')
code, out, err = run('image', 'remove', 'lua', 'debian')
check(code == 0 and os.listdir(images) == [], f'{code}, {err}, {os.listdir(images)}')
stage('the end')
