#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shared folders, by Debian's 9p driver: files appear at both ends as they are, nothing leads out; saved and moved, with the
locks that the guest has."""
import fcntl
import hashlib
import os
import random
import stat

from papyrtest import PROMPT, Guest, built, check, debian, papyr, until, workdir
from virtiotest import drivers

PANIC = 'Kernel panic|Oops|BUG:'
MIB = 1 << 20

folder = workdir()
shared, other = os.path.join(folder, 'shared'), os.path.join(folder, 'other')
secret = os.path.join(folder, 'secret')
noise = random.Random(3).randbytes(3 * MIB + 77)
os.makedirs(os.path.join(shared, 'sub'))
os.mkdir(other)
for path, data in ((secret, b'secret'), (os.path.join(shared, 'noise'), noise), (os.path.join(other, 'file'), b'only read')):
    with open(path, 'wb') as f:
        f.write(data)
os.symlink(secret, os.path.join(shared, 'out'))

# What the guest does, where it is more than a line of its terminal holds.
WORK = """#!/bin/sh
case $1 in
mount) mkdir -p /mnt /other; mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 shared /mnt
	mount -t 9p -o trans=virtio,version=9p2000.L other /other ;;
make) cp noise sub/copy; chmod 750 sub/copy; mkdir -m 711 dir; mv sub/copy dir/moved; ln dir/moved hard; ln -s dir/moved link
	touch -d 2001-02-03 dir; mkfifo pipe; echo one >log; echo two >>log; truncate -s 1000000 sparse; chown 1234:567 log
	cmp noise link && echo same ;;
many) for i in $(seq 400); do echo $i >sub/$i; done; ls sub | wc -l; cat sub/* | md5sum; rm sub/*; ls sub | wc -l ;;
ways) cat out; cat ../mnt/../mnt/out; mknod null c 1 3; echo x >/other/new; rm /other/file; cat /other/file ;;
append) i=0; (until [ -e enough ]; do echo $i; i=$((i + 1)); done) >lines; wc -l <lines; tail -n 1 lines; echo all done ;;
esac
"""
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write(WORK)
options = ['--share', f'{shared}:shared', '--share', f'{other}:other,ro']


def at(name):
    return os.path.join(shared, name)


def is_locked(name):
    with open(at(name), 'a') as f:
        try:
            fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


guest = debian(folder, cpus='2', append='quiet',
               files=[work, built('share_work'), *drivers('netfs', 'fscache', '9pnet', '9pnet_virtio', '9p')],
               more=['--name', 'share', *options])
guest.expect(PROMPT, 90, never=PANIC)
guest.command('./work mount; cd /mnt')
check(guest.command('md5sum noise').split()[0] == hashlib.md5(noise).hexdigest(), 'the guest reads something else')
check('same' in guest.command('/root/work make', 60), 'what it wrote is not what it reads')
with open(at('hard'), 'rb') as f:
    check(f.read() == noise, 'the host reads something else than the guest wrote')
check(open(at('log')).read() == 'one\ntwo\n', 'what was appended')
modes = {name: oct(os.lstat(at(name)).st_mode) for name in ('hard', 'dir', 'pipe', 'link')}
check(modes == {'hard': '0o100750', 'dir': '0o40711', 'pipe': '0o10644', 'link': '0o120777'}, f'other modes: {modes}')
check(os.stat(at('hard')).st_nlink == 2 and os.stat(at('sparse')).st_size == 1000000, 'links or sizes')
check(0 <= os.stat(at('dir')).st_mtime - 981158400 < 86400, f'another time: {os.stat(at("dir")).st_mtime}')
if os.geteuid() == 0:
    check((os.stat(at('log')).st_uid, os.stat(at('log')).st_gid) == (1234, 567), 'another owner')
numbers = ''.join(f'{i}\n' for i in sorted(range(1, 401), key=str))
check(guest.command('/root/work many', 120).split() == ['400', hashlib.md5(numbers.encode()).hexdigest(), '-', '0'],
      'many files')

# What the host does the guest sees.
with open(at('sub/from-host'), 'w') as f:
    f.write('hello')
check('hello' in guest.command('cat sub/from-host'), 'a file of the host')

# Nothing leads out.
said = guest.command('/root/work ways')
check('secret' not in said.replace(secret, '') and not os.path.exists(at('null')), f'a way out: {said}')
check('only read' in said and os.listdir(other) == ['file'], f'what may only be read was changed: {said}')
check(not any(stat.S_ISCHR(os.lstat(at(name)).st_mode) for name in os.listdir(shared)), 'a device node')
# ---- Wrong words ----

for words, reason in (('x', 'wants FOLDER:TAG'), (shared + ':', 'wants FOLDER:TAG'), (f'{shared}:a,rw', 'wants FOLDER:TAG'),
                      (folder + '/none:a', 'cannot share the folder'), (secret + ':a', 'cannot share the folder')):
    check(reason in papyr('run', '--share', words, status=1)[1], f'--share {words}: not {reason!r}')

# ---- Saved, restored and moved while it writes ----

guest.type('/root/work append &\r')
until('a line', lambda: os.path.exists(at('lines')) and os.stat(at('lines')).st_size)
guest.type('/root/share_work keep held &\r')
guest.expect('kept', 60)
check(guest.command('/root/share_work hold held </dev/null') == 'EAGAIN', 'locked twice in the guest')
check(is_locked('held'), 'what the guest has locked the host locks, too')
image = os.path.join(folder, 'image')
papyr('save', 'share', image)
guest.wait_for_status(0)
check(not is_locked('held'), 'locked by a guest that is a file')
check('has a device' in papyr('run', '--restore', image, status=1)[1], 'restored without its folders')
guest = Guest(['run', '--restore', image, '--name', 'share', *options])
size = os.stat(at('lines')).st_size
until('more lines', lambda: os.stat(at('lines')).st_size > size)
check(is_locked('held'), 'the restored guest has lost its lock')
way = os.path.join(folder, 'way')
# First to one that dies as soon as it may start the guest, which is resumed here.
there = Guest(['run', '--incoming', 'unix:' + way, '--name', 'there', *options], env={'PAPYR_FAULT': 'dest-go:kill'})
until('its socket', lambda: os.path.exists(way))
said = papyr('migrate', 'share', 'unix:' + way, status=1)[1]
check('may have started' in said and not is_locked('held'), f'a guest in doubt has its lock: {said}')
there.kill()
papyr('resume', 'share', '--force')
check(is_locked('held'), 'the guest that was resumed has lost its lock')
there = Guest(['run', '--incoming', 'unix:' + way, '--name', 'there', *options])
until('its socket', lambda: os.path.exists(way))
papyr('migrate', 'share', 'unix:' + way)
guest.wait_for_status(0)
check(is_locked('held'), 'the moved guest has lost its lock')
size = os.stat(at('lines')).st_size
until('more lines', lambda: os.stat(at('lines')).st_size > size)
open(at('enough'), 'w').close()
last = there.expect(r'(\d+)\r\n(\d+)\r\nall done', 60, never=PANIC)
there.type('\r')
there.expect(PROMPT)
check(open(at('lines')).read() == ''.join(f'{i}\n' for i in range(int(last.group(1)))), 'lines were lost on the way')
check(int(last.group(2)) + 1 == int(last.group(1)), 'not the last line')

# ---- Somebody else has its lock when it comes back ----

check(is_locked('held') and 'lost by' not in there.text, 'its lock is lost')
papyr('save', 'there', image)
there.wait_for_status(0)
with open(at('held'), 'a') as f:
    fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    size = os.stat(at('held')).st_size
    guest = Guest(['run', '--restore', image, '--name', 'share', *options])
    guest.expect('lost by ESTALE', 60, never=PANIC)
    check("another program has locked 'held' of the shared folder 'shared'" in guest.text, f'nobody is told: {guest.text[-500:]}')
    check(os.stat(at('held')).st_size == size, 'it wrote to what another has locked')
guest.type('poweroff\r')
guest.wait_for_status(0, 60)
