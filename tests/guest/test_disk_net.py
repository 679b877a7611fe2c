#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk and a network card in one guest: what comes by the one goes to the other, as the guest is killed, saved and moved in the
middle of it. It tells the host what it has on the disk after that, and the file system is whole."""
import os
import time

from disktest import PANIC, boot, content, folder, md5, new_disk, new_file, power_off, tool
from migratetest import Local, migrate, wait_listening
from nettest import BYTES, Server, noise, noise_sum, serve
from papyrtest import PROMPT, Guest, check, papyr, skip

FILES = 3


class Slow(Server):
    """So slow that there is a middle."""
    pause = 0.1


port = serve(Slow)
FETCH = f"""#!/bin/sh
has() {{ [ "$(stat -c %s /mnt/$1 2>/dev/null)" = {BYTES} ]; }}
fetch() {{ until has $1; do wget -q -c -O /mnt/$1 http://10.0.2.2:{port}/; done; sync; }}
case $1 in
up) mount /dev/disk0 /mnt; udhcpc -n -q >/dev/null ;;
keep) fetch kept ;;
lose) n=0; while :; do fetch lost; rm /mnt/lost; n=$((n + 1)); echo round $n; done ;;
many) (until [ -s /mnt/0 ]; do :; done; echo begun) & for i in $(seq 0 {FILES - 1}); do fetch $i; done
	md5sum /mnt/[0-9] | cut -c1-32 | uniq -c; echo all done ;;
esac
"""
fetch = new_file('fetch', FETCH.encode())
disk = new_disk('both', 192)
card = ['--net', 'user']


def start():
    guest = boot(disk, name='both', files=[fetch], more=card)
    guest.command('./fetch up', 60)
    return guest


if 'without libslirp' in papyr('run', '--net', 'user,mac=01:00:00:00:00:00', status=1)[1]:
    skip('built without libslirp')

# ---- Killed while it writes what it receives ----

guest = start()
guest.command('./fetch keep', 120)
check(md5(guest, '/mnt/kept') == noise_sum, 'what came is not what is on the disk')
guest.type('./fetch lose\r')
guest.expect(r'round 1\r', 120, never=PANIC)
time.sleep(0.5)
guest.kill()

# ---- Saved, restored and moved while it does so ----

guest = start()
check(md5(guest, '/mnt/kept') == noise_sum, 'what was synchronized is lost')
guest.type('rm -f /mnt/lost; ./fetch many\r')
guest.expect('begun\r', 60, never=PANIC)
image = os.path.join(folder, 'image')
papyr('save', 'both', image)
guest.wait_for_status(0)
guest = Guest(['run', '--restore', image, '--name', 'both', '--disk', disk, *card])
uri = Local(folder).uri(0)
there = Guest(['run', '--incoming', uri, '--name', 'there', '--disk', disk, *card])
wait_listening(uri)
check('all done' not in guest.text, 'it was through before it could be moved')
code, _, said = migrate('both', uri, '--downtime-ms', '500')
check(code == 0, f'it did not move: {said}')
guest.wait_for_status(0)
there.expect(rf' {FILES} {noise_sum}\s+all done', 120, never=PANIC)
there.expect(PROMPT)
power_off(there)
tool('e2fsck', '-fn', disk)
check(content(disk, '/kept') == noise, 'what was kept is not on the disk')
