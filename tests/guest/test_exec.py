#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr exec: a command's streams, exit status, signals, user, terminal; and that nothing is left of its guest."""
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time

from papyrtest import PAPYR, PATIENCE, TOP, Guest, check, fail, fetch, until, workdir

fetch('virtio')
folder = workdir()


def execute(*args, data=b'', seconds=60):
    """Runs papyr exec; returns its exit status and what it wrote to both streams."""
    print('$ papyr exec ' + ' '.join(args), flush=True)
    try:
        got = subprocess.run([PAPYR, 'exec', *args], input=data, capture_output=True, timeout=seconds * PATIENCE)
    except subprocess.TimeoutExpired:
        fail('it did not end')
    return got.returncode, got.stdout, got.stderr.decode(errors='replace')


def wants(status, out, err, *args, **more):
    got = execute(*args, **more)
    check(got[:2] == (status, out) and err in got[2] and bool(err) == bool(got[2]), f'{args}: {got}')


def nothing_is_left():
    until('the end of its guest', lambda: not os.listdir(os.path.join(os.environ['XDG_RUNTIME_DIR'], 'papyr')))


# ---- What comes back ----

wants(7, b'ppc64le\n', '', '--', 'sh', '-c', 'uname -m; exit 7')
wants(0, b'out\n', 'err\n', 'sh', '-c', 'echo out; echo err >&2')
wants(137, b'', '', 'sh', '-c', 'kill -9 $$')
wants(127, b'', "nosuch: No such file or directory; without a root there are busybox's programs alone: '--image debian'", 'nosuch')
wants(126, b'', '/etc/passwd: Permission denied', '/etc/passwd')
wants(125, b'', 'directory /nowhere: No such file', '-w', '/nowhere', 'true')
wants(125, b'', "no user 'nosuch'", '-u', 'nosuch', 'true')
wants(125, b'', 'there is no command', '-e', 'A=b')
wants(124, b'', 'the time is over', '--timeout', str(int(5 * PATIENCE)), 'sleep', '1000')
if os.uname().machine != 'ppc64le':
    wants(125, b'', '--accel kvm needs a POWER host', '--accel', 'kvm', 'true')
wants(125, b'', "no accelerator is called 'x'", '--accel', 'x', 'true')
wants(0, b'ppc64le\n', '', '--accel', 'papyr', 'uname', '-m')
wants(125, b'', '--code-memory 1M: not 16M to 1G', '--code-memory', '1M', 'true')
wants(0, b'ppc64le\n', '', '--code-memory', '16M', 'uname', '-m')
os.environ['FROM_HERE'] = 'it is'
wants(0, b'b it is\n/tmp\nnobody box 2\n', '', '-e', 'A=b', '-e', 'FROM_HERE', '-e', 'UNSET', '-u', 'nobody', '-w', '/tmp',
      '-c', '2', '-m', '768M', '--hostname', 'box', '--', 'sh', '-c',
      'echo $A $FROM_HERE; pwd; echo $(id -un) $(hostname) $(nproc)')
for user, found in (('1000:1001', '1000:1001 / none'), ('1000', '1000:0 / none'), ('65534', '65534:65534 / nobody'),
                    ('nobody:root', '65534:0 / nobody'), ('0:nogroup', '0:65534 /root root'), ('root:7', '0:7 /root root')):
    wants(0, found.encode() + b'\n', '', '-u', user, 'sh', '-c', 'echo $(id -u):$(id -g) $HOME ${USER:-none}')
wants(125, b'', "no group 'nosuch'", '-u', 'nobody:nosuch', 'true')
wants(125, b'', "no user ''", '-u', ':7', 'true')

# ---- Installed where names have what shells take for more ----

there = os.path.join(folder, "it's here")
helpers = os.path.join(there, 'libexec', 'papyr')
os.makedirs(helpers)
os.mkdir(os.path.join(there, 'bin'))
shutil.copy(PAPYR, os.path.join(there, 'bin'))
for name in os.listdir(os.path.join(TOP, 'tools')):
    if os.path.isfile(os.path.join(TOP, 'tools', name)):
        shutil.copy(os.path.join(TOP, 'tools', name), helpers)
shutil.copy(os.path.join(os.path.dirname(PAPYR), '..', 'agent', 'papyr-agent'), helpers)
got = subprocess.run([os.path.join(there, 'bin', 'papyr'), 'exec', 'uname', '-m'], stdin=subprocess.DEVNULL, capture_output=True,
                     timeout=60 * PATIENCE)
check((got.returncode, got.stdout, got.stderr) == (0, b'ppc64le\n', b''), f'{got}')

# ---- Streams: all bytes, more than fits anywhere, each by itself ----

noise = random.Random(1).randbytes(3 << 20)
wants(0, noise, '', 'cat', data=noise)
wants(0, hashlib.md5(noise).hexdigest().encode() + b'  -\n', '', 'md5sum', data=noise)
code, out, err = execute('sh', '-c', 'head -c 600000 /dev/zero >&2; head -c 700000 /dev/zero')
check((code, len(out), len(err)) == (0, 700000, 600000), f'{code}, {len(out)} and {len(err)} bytes')
wants(0, b'first\n', '', 'head', '-n', '1', data=b'first\n' + noise)  # it reads no more
# Whoever has a stream open doesn't hold it up.
wants(3, b'', '', 'sh', '-c', 'sleep 1000 & exit 3')

# ---- Folders: of the host's, in busybox's root and as a root ----

shared, root = os.path.join(folder, 'shared'), os.path.join(folder, 'root')
os.makedirs(os.path.join(root, 'bin'))
os.mkdir(shared)
shutil.copy(fetch('busybox'), os.path.join(root, 'bin', 'busybox'))
os.symlink('busybox', os.path.join(root, 'bin', 'sh'))
with open(os.path.join(shared, 'given'), 'wb') as f:
    f.write(noise)
os.chown(os.path.join(shared, 'given'), 1000, 1001)
wants(0, b'1000 1001 640\n', '', '-v', f'{shared}:/a/b', '-w', '/a/b', 'sh', '-c',
      'cp -p given made; chmod 640 made; stat -c "%u %g %a" made')
made = os.stat(os.path.join(shared, 'made'))
check((made.st_uid, made.st_gid, made.st_mode & 0o7777) == (1000, 1001, 0o640), f'made as {made}')
with open(os.path.join(shared, 'made'), 'rb') as f:
    check(f.read() == noise, 'what was copied is something else')
code, _, err = execute('-v', f'{shared}:/a:ro', 'touch', '/a/never')
check(code == 1 and 'Read-only' in err, f'{code}: {err}')
wants(0, b'root\n', '', '--root', root, '-v', f'{shared}:/mnt', '--', 'sh', '-c',
      'B=/bin/busybox; $B touch /changed /mnt/changed; $B rm /bin/sh; [ -e /proc/1 -a -e /dev/null ] && $B echo root')
check(os.path.lexists(os.path.join(root, 'bin', 'sh')) and not os.path.exists(os.path.join(root, 'changed')),
      'the root was changed')
check(os.path.exists(os.path.join(shared, 'changed')), 'the folder was not changed')
wants(0, b'', '', '--root', root, '--keep', '/bin/busybox', 'touch', '/changed')
check(os.path.exists(os.path.join(root, 'changed')), 'the change was not kept')
code, _, err = execute('--root', root, 'nosuch')
check(code == 127 and 'nosuch: No such file' in err and 'debian' not in err, f'{code}: {err}')
wants(125, b'', '--keep wants a root or a disk', '--keep', 'true')
wants(125, b'', 'not DIR:/PATH', '-v', 'here:there', 'true')
code, _, err = execute('-v', f'{folder}/none:/a', 'true')
check(code == 125 and f'{folder}/none' in err, f'{code}: {err}')

# ---- The network: none, or the user's ----

wants(0, b'lo\n', '', 'ls', '/sys/class/net')
listener = socket.create_server(('127.0.0.1', 0))
asking = subprocess.Popen([PAPYR, 'exec', '--net', 'user', 'sh', '-c',
                           f'cat /etc/resolv.conf; echo hello | nc 10.0.2.2 {listener.getsockname()[1]}'],
                          stdout=subprocess.PIPE)
listener.settimeout(60 * PATIENCE)
said = listener.accept()[0]
check(said.recv(100) == b'hello\n', 'it did not say hello')
said.close()
check(asking.stdout.read() == b'nameserver 10.0.2.3\n' and asking.wait(60 * PATIENCE) == 0, 'no network')
wants(125, b'', 'there are user and none', '--net', 'tap:x', 'true')

# ---- Signals ----

trapping = subprocess.Popen([PAPYR, 'exec', 'sh', '-c', 'trap "echo caught; exit 5" TERM; echo ready; sleep 1000 & wait'],
                            stdout=subprocess.PIPE)
check(trapping.stdout.readline() == b'ready\n', 'it did not begin')
trapping.send_signal(signal.SIGTERM)
check((trapping.stdout.read(), trapping.wait(60 * PATIENCE)) == (b'caught\n', 5), 'SIGTERM did not reach it')

# ---- A terminal ----

shell = Guest(['exec', '-e', 'PS1=exec# ', 'sh'])
shell.expect('exec# ', 60)
shell.type('tty; echo $((6 * 7))\r')
shell.expect(r'/dev/pts/0\r\n42\r\n')
shell.type('sleep 1000\r')
time.sleep(0.5)
shell.type('\x03')
shell.expect('exec# ')
shell.type('exit 9\r')
shell.wait_for_status(9)
nothing_is_left()

# ---- Killed whenever it may be ----

for _ in range(6):
    victim = subprocess.Popen([PAPYR, 'exec', 'sleep', '1000'], stdout=subprocess.DEVNULL)
    time.sleep(random.uniform(0.3, 2))
    victim.send_signal(random.choice((signal.SIGTERM, signal.SIGINT, signal.SIGKILL)))
    check(victim.wait(60 * PATIENCE) != 0, 'killed, and content')
nothing_is_left()
