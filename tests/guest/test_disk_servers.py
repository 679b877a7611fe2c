#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Disks by NBD and of qcow2: written, killed, saved and moved; hosts' disks that are full, err, or go away under a guest."""
import glob
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess

from disktest import MIB, boot, content, copies_are, folder, md5, new_disk, new_file, power_off, start_copying, tool
from papyrtest import Guest, check, papyr, skip, until

for program in ('nbdkit', 'qemu-img', 'qemu-nbd'):
    if not shutil.which(program):
        skip(f'no {program} here (apt-get install nbdkit qemu-utils)')


def serve(name, *words):
    """Starts nbdkit; returns its process and the disk's URI when it takes connections."""
    socket, pid = (os.path.join(folder, f'{name}.{what}') for what in ('socket', 'pid'))
    server = subprocess.Popen(['nbdkit', '-f', '--exit-with-parent', '-P', pid, '-U', socket, *words],
                              stderr=subprocess.DEVNULL)
    until('a server', lambda: os.path.exists(pid))
    return server, f'nbd+unix:///?socket={socket}'


def image_servers(image):
    """The processes that have an image open for a papyr."""
    found = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            with open(path, 'rb') as f:
                words = f.read().split(b'\0')
        except OSError:
            continue
        if os.path.basename(words[0]) == b'qemu-nbd' and image.encode() in b' '.join(words):
            found.append(path)
    return found


def do(guest, *lines):
    for line in lines:
        guest.command(line, 90)


def raw_of(image):
    raw = image + '.raw'
    tool('qemu-img', 'convert', '-O', 'raw', image, raw)
    return raw


def said_io_error(said):
    """In one of the words that Linux has for what its disk told it."""
    return re.search('I/O error|Input/output error|No space|critical medium error', said)


# ---- An image on top of another, and a server's disk ----

below, served = new_disk('below'), new_disk('served')
image = os.path.join(folder, 'image')
tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', below, '-F', 'raw', image)
with open(below, 'rb') as f:
    untouched = hashlib.md5(f.read()).hexdigest()
check('format=qcow2' in papyr('run', '--disk', image, status=1)[1], 'an image is given to the guest as its disk')
server, uri = serve('served', 'file', served)
guest = boot(f'{image},format=qcow2,serial=image', uri)
do(guest, 'mount /dev/disk0 /mnt; ./work keep', 'mkdir /other; mount /dev/disk1 /other', 'cp /mnt/kept /other; sync')
kept = md5(guest, '/mnt/kept')
check(md5(guest, '/other/kept') == kept, "the server's disk reads wrong")
check('lock' in papyr('run', '--disk', f'{image},format=qcow2', status=1)[1], 'two guests have one image')
used = os.stat(served).st_blocks
do(guest, 'rm /other/kept; sync; fstrim /other')
check(os.stat(served).st_blocks < used, 'nothing was given back to the server')
do(guest, 'cp /mnt/kept /other/again', 'umount /other; umount /mnt')
power_off(guest)
until("the end of the image's server", lambda: not image_servers(image))
tool('qemu-img', 'check', '-q', image)
raw = raw_of(image)
tool('e2fsck', '-fn', raw)
check(hashlib.md5(content(raw, 'kept')).hexdigest() == kept, 'what the guest wrote is not in the image')
with open(below, 'rb') as f:
    check(hashlib.md5(f.read()).hexdigest() == untouched, 'what lies below an image was written')
tool('e2fsck', '-fn', served)
check(hashlib.md5(content(served, 'again')).hexdigest() == kept, "what the guest wrote is not on the server's disk")

# ---- A power cut ----

guest = boot(f'{image},format=qcow2')
guest.command('mount /dev/disk0 /mnt', 60)
guest.type('./work lose\r')
guest.expect(r'300\+0 records out', 90)
check(image_servers(image), 'nothing serves the image')
guest.kill()
until("the end of the image's server", lambda: not image_servers(image))
tool('qemu-img', 'check', '-q', image, status=(0, 3))  # 3: clusters that nobody uses
raw = raw_of(image)
tool('e2fsck', '-fy', raw, status=(0, 1))
check(hashlib.md5(content(raw, 'kept')).hexdigest() == kept, 'what was synchronized is lost')
check(not glob.glob('/tmp/papyr-??????/nbd'), 'a socket was left behind')

# ---- Saved and restored with an image; moved with a server's disk; both while it writes ----

guest = boot(uri, f'{image},format=qcow2')
do(guest, 'mount /dev/disk1 /mnt; cp /mnt/kept /; umount /mnt', 'mount /dev/disk0 /mnt; cp /kept /mnt')
start_copying(guest)
saved = os.path.join(folder, 'saved')
papyr('save', 'disk', saved)
guest.wait_for_status(0)
guest = Guest(['run', '--restore', saved, '--name', 'disk', '--disk', uri, '--disk', f'{image},format=qcow2'])
copies_are(guest, kept)
refused = papyr('run', '--incoming', f'unix:{folder}/never', '--disk', f'{image},format=qcow2', status=1)
check("can't bring" in refused[1], 'two guests may have one image')
guest.command('umount /mnt', 60)
power_off(guest)
guest = boot(uri)
guest.command('mount /dev/disk0 /mnt', 60)
start_copying(guest)
socket = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + socket, '--name', 'there', '--disk', uri])
until('the destination', lambda: os.path.exists(socket))
papyr('migrate', 'disk', 'unix:' + socket)
guest.wait_for_status(0)
copies_are(there, kept)
there.command('umount /mnt', 60)
power_off(there)
tool('e2fsck', '-fn', served)
server.kill()

# ---- A host without room, a server that errs: the guest is told, and what it has stays whole ----

full = new_file('full', b'')
os.truncate(full, 32 * MIB)
errs, erring = serve('errs', '--filter=error', 'memory', '16M', 'error-pwrite=EIO', 'error-pwrite-rate=100%',
                     f'error-pwrite-file={folder}/err-now')
guest = boot(full, erring, served)
limit = resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE)
resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE, (24 * MIB, limit[1]))
said = guest.command('./work fill 0 33', 60)
check(said_io_error(said) and '24+0 records out' in said, f'no room for what it wrote: {said}')
resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE, limit)
check('32+0 records out' in guest.command('./work fill 0 32', 60), 'not with room')
with open(os.path.join(folder, 'err-now'), 'w'):
    said = guest.command('./work fill 1 1', 60)
check(said_io_error(said), f'a server that errs: {said}')
os.unlink(os.path.join(folder, 'err-now'))
check('1+0 records out' in guest.command('./work fill 1 1', 60), 'it errs for ever')

# ---- A server that goes away; the guest runs on ----

os.kill(errs.pid, signal.SIGKILL)
said = guest.command('./work take 1 1', 60)
check(said_io_error(said), f'a server that is gone: {said}')
guest.command('mount /dev/disk2 /mnt', 60)
check(md5(guest, '/mnt/again') == kept, 'the other disks are gone too')
guest.command('umount /mnt', 60)
power_off(guest)
tool('e2fsck', '-fn', served)
