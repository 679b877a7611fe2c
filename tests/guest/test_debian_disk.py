#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian on a disk: systemd to a login, and off; killed, saved, restored and moved in the middle of writing."""
import os
import subprocess
import time

from disktest import PANIC, content, folder, tool
from papyrtest import TOP, Guest, check, papyr, skip, until

SHELL = r'root@papyr:\S*# '


def fetch_debian(what):
    got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-debian'), what], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("Debian's disk can't be had: " + got.stderr.strip())
    return got.stdout.strip()


disk = os.path.join(folder, 'disk')
tool('cp', '--sparse=always', fetch_debian('disk'), disk)


def boot():
    guest = Guest(['run', '-k', fetch_debian('kernel'), '-i', fetch_debian('initrd'), '-m', '1G', '-c', '2', '-p',
                   'console=hvc0 disable_radix root=LABEL=papyr ro', '--name', 'debian', '--disk', disk])
    guest.expect('login: ', 240, never=PANIC)
    guest.type('root\r')
    guest.expect(SHELL, 60)
    run(guest, "bind 'set enable-bracketed-paste off'")
    return guest


def run(guest, line, seconds=60):
    """Has bash run a line; returns what it printed. Its end is marked, for the line may be wrapped by the terminal."""
    guest.type(f'{line}; echo "<"end">"\r')
    start = guest.seen
    guest.expect('<end>', seconds, never=PANIC)
    text = guest.text[start:guest.seen].replace('\r', '')
    guest.expect(SHELL, seconds)
    return text


def power_off(guest):
    guest.type('poweroff\r')
    guest.wait_for_status(0, 120)


# ---- To a login, and off ----

guest = boot()
state = run(guest, 'systemctl is-system-running --wait; systemctl --failed --no-legend', 120)
check('\nrunning\n' in state, f'systemd is not content: {state}')
check('/dev/sda' in run(guest, 'findmnt -n /'), 'its root is elsewhere')
power_off(guest)
tool('e2fsck', '-fn', disk)

# ---- A power cut in the middle of writing ----

guest = boot()
kept = run(guest, 'dd if=/dev/urandom of=/root/kept bs=64k count=100; sync; md5sum /root/kept')
kept = next(line.split()[0] for line in kept.splitlines() if line.endswith('/root/kept') and len(line.split()) == 2)
guest.type('while :; do cp -r /usr/lib/python3* /usr/share/perl* /root/lost; sync; echo r"ound"; rm -r /root/lost; done\r')
for _ in range(3):
    guest.expect('round\r', 240, never=PANIC)
time.sleep(0.5)
guest.kill()
guest = boot()
check(kept in run(guest, 'md5sum /root/kept'), 'what was synchronized is lost')
check('\nrunning\n' in run(guest, 'systemctl is-system-running --wait', 120), 'systemd is not content after the cut')
run(guest, 'rm -rf /root/lost')

# ---- Saved, restored and moved, while it writes ----

guest.type('for i in $(seq 40); do cp kept c$((i % 8)); sync; done; md5sum c? | cut -c1-32 | uniq -c; echo d"one"\r')
time.sleep(2)
image = os.path.join(folder, 'image')
papyr('save', 'debian', image)
guest.wait_for_status(0)
guest = Guest(['run', '--restore', image, '--name', 'debian', '--disk', disk])
time.sleep(2)
socket = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + socket, '--name', 'there', '--disk', disk])
until('the destination', lambda: os.path.exists(socket))
papyr('migrate', 'debian', 'unix:' + socket)
guest.wait_for_status(0)
there.expect(r'done\r', 240, never=PANIC)
check(f'8 {kept}' in there.text, 'what it copied on its way is not what it should be')
there.expect(SHELL)
power_off(there)
tool('e2fsck', '-fn', disk)
check(len(content(disk, '/root/kept')) == 100 << 16, 'what was kept is not on the disk')
