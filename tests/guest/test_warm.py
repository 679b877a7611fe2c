#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Warm starts of papyr exec: a guest is saved once and restored for each command; what goes wrong with it isn't seen."""
import glob
import os
import resource
import signal
import subprocess
import time

from papyrtest import PAPYR, PATIENCE, check, fail, fetch, until, workdir

guest_files = os.path.dirname(fetch('kernel'))
folder = workdir()
cache = os.path.join(folder, 'cache', 'papyr')
os.makedirs(cache)
os.symlink(guest_files, os.path.join(cache, os.path.basename(guest_files)))
os.environ['XDG_CACHE_HOME'] = os.path.dirname(cache)
os.environ.pop('PAPYR_CACHE_SIZE', None)


def images():
    return sorted(glob.glob(os.path.join(cache, 'warm-*.img')))


def begun():
    return [name for name in os.listdir(cache) if name.startswith('.')]


def initrds():
    return [name for name in os.listdir(cache) if '.cpio' in name]


def execute(*args, **more):
    print('$ papyr exec ' + ' '.join(args), flush=True)
    try:
        got = subprocess.run([PAPYR, 'exec', *args], stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=60 * PATIENCE, **more)
    except subprocess.TimeoutExpired:
        fail('it did not end')
    return got.returncode, got.stdout.decode(), got.stderr.decode(errors='replace')


def wants(out, *args, **more):
    """The command's output and nothing else, whatever its guest came from."""
    got = execute(*args, **more)
    check(got == (0, out, ''), f'{args}: {got}')


def children(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            return f.read().split()
    except OSError:
        return []


def is_warm(*args):
    """Of what the guest of a command comes."""
    p = subprocess.Popen([PAPYR, 'exec', *args, 'sh', '-c', 'echo ready; cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    check(p.stdout.readline() == b'ready\n', 'it did not begin')
    (guest,) = children(p.pid)
    with open(f'/proc/{guest}/cmdline', 'rb') as f:
        warm = b'--restore' in f.read().split(b'\0')
    p.stdin.close()
    check(p.wait(60 * PATIENCE) == 0, 'it failed')
    return warm


# ---- The first is saved, and those of its kind go on from there ----

wants('ppc64le\n', 'uname', '-m')
check(len(images()) == 1 and not begun(), f'{images()}, {begun()} are saved')
check(is_warm(), 'the second is not restored')
check(not is_warm('--cold'), 'with --cold it is')
check(not is_warm('-c', '2'), 'one of two vcpus is restored from one of one')
check(is_warm('-c', '2'), 'the second one of two is not')
check(len(images()) == 2, f'{images()} are saved')

# ---- What must not be the same ----

asked = ('sh', '-c', 'cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | md5sum; cat /sys/class/net/eth0/address')
said = [execute('--net', 'user', *asked) for _ in range(3)]
for code, out, err in said:
    check(code == 0 and not err, f'{code}: {err}')
for lines in zip(*(out.split() for _, out, _ in said)):
    check(lines[0] == '-' or len(set(lines)) == 3, f'the same in two guests: {lines}')
now = time.time()
code, out, err = execute('date', '+%s')
check(now - 2 <= float(out) <= time.time() + 2, f'it is {out} there, and {now} here')
wants('box\n', '--hostname', 'box', 'hostname')

# ---- Another folder, with the same image ----

for name in 'one', 'two':
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, 'file'), 'w') as f:
        f.write(name + '\n')
    wants(name + '\n', '-v', f'{folder}/{name}:/mnt/{name}', 'cat', f'/mnt/{name}/file')
check(is_warm('-v', f'{folder}/two:/a'), 'one with a folder is not restored')
kept = images()
code, _, err = execute('-v', f'{folder}/none:/a', 'true')
check(code == 125 and f'{folder}/none' in err, f'{code}: {err}')
check(images() == kept, 'an image went for a folder that is not there')

# ---- An image that is none: it boots, says nothing, and the image goes ----


def start_anew():
    for path in images():
        os.unlink(path)
    wants('', 'true')
    (path,) = images()
    return path


image = start_anew()
with open(image, 'rb') as f:
    good = f.read()
damaged = bytearray(good)
damaged[len(good) // 2] ^= 1
for bad in (b'', b'garbage' * 1000, good[:len(good) // 2], bytes(damaged)):
    with open(image, 'wb') as f:
        f.write(bad)
    wants('works\n', 'echo', 'works')
    check(not images(), 'the bad image is still there')
image = start_anew()
with open(image, 'wb') as f:
    f.write(good[:-1])
check(is_warm() is False and not images(), 'a truncated image')

# ---- It can't be saved: the disk is full, there is to be no cache ----


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))


wants('works\n', 'echo', 'works', preexec_fn=small_files, restore_signals=False)
check(not images() and not begun(), f'{images()}, {begun()} are left of a full disk')
wants('works\n', 'echo', 'works', env={**os.environ, 'PAPYR_CACHE_SIZE': '0'})
check(not images(), 'it is saved, and was not to be')

# ---- The oldest goes ----

image = start_anew()
wants('', '-c', '2', 'true', env={**os.environ, 'PAPYR_CACHE_SIZE': '24M'})
check(len(images()) == 1 and images() != [image], f'{images()} are there, {image} is the oldest')

# ---- Two at once, and one that is killed while it saves ----

for path in images():
    os.unlink(path)
both = [subprocess.Popen([PAPYR, 'exec', 'echo', 'works'], stdout=subprocess.PIPE) for _ in range(2)]
for p in both:
    check((p.stdout.read(), p.wait(60 * PATIENCE)) == (b'works\n', 0), 'two at once')
check(len(images()) == 1 and not begun(), f'{images()}, {begun()} of two at once')

for path in images():
    os.unlink(path)
victim = subprocess.Popen([PAPYR, 'exec', 'sleep', '1000'])
until('the image', lambda: begun() or images(), 60)
for pid in children(victim.pid):
    os.kill(int(pid), signal.SIGKILL)
victim.kill()
victim.wait()
for path in images():
    os.unlink(path)
image = start_anew()  # what was begun is swept away by who saves next
check(not begun(), f'{begun()} is left')

# ---- One that is killed while it makes the initrd: of who is at it nothing is swept away ----

slow = os.path.join(folder, 'bin')
os.mkdir(slow)
with open(os.path.join(slow, 'cpio'), 'w') as f:
    f.write('#!/bin/sh\necho some of it\nexec sleep 1000\n')
os.chmod(f.name, 0o755)
(whole,) = initrds()
os.unlink(os.path.join(cache, whole))
victim = subprocess.Popen([PAPYR, 'exec', 'true'], env={**os.environ, 'PATH': f'{slow}:{os.environ["PATH"]}'}, start_new_session=True)
until('half an initrd', initrds)
(half,) = initrds()
start_anew()
check(sorted(initrds()) == sorted([half, whole]), f'{initrds()} are there, not {half} and {whole}')
os.killpg(victim.pid, signal.SIGKILL)
victim.wait()
start_anew()
check(initrds() == [whole], f'{initrds()} are there')
