#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian on a disk: systemd to a login and to a network, a compiler from a mirror on the host, and off; killed in the middle of
writing; saved, restored and moved while it compiles and writes."""
import functools
import http.server
import os
import subprocess
import time

from disktest import PANIC, content, folder, tool
from nettest import serve
from papyrtest import TOP, Guest, check, papyr, skip, until

SHELL = r'root@papyr:\S*# '


class Mirror(http.server.SimpleHTTPRequestHandler):
    """A folder, without a word."""

    def log_message(self, *_):
        pass


def fetch_debian(what):
    got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-debian'), what], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("Debian's disk can't be had: " + got.stderr.strip())
    return got.stdout.strip()


disk = os.path.join(folder, 'disk')
tool('cp', '--sparse=always', fetch_debian('disk'), disk)
mirror = f'http://10.0.2.2:{serve(functools.partial(Mirror, directory=fetch_debian("mirror")))}/'
devices = ['--disk', disk, '--net', 'user']


def stage(what, began=time.monotonic()):
    print(f'---- {time.monotonic() - began:.0f} s: {what}', flush=True)


def boot():
    guest = Guest(['run', '-k', fetch_debian('kernel'), '-i', fetch_debian('initrd'), '-m', '1G', '-c', '2', '-p',
                   'console=hvc0 disable_radix root=LABEL=papyr ro', '--name', 'debian', *devices])
    guest.expect('login: ', 240, never=PANIC)
    guest.type('root\r')
    guest.expect(SHELL, 60)
    run(guest, "bind 'set enable-bracketed-paste off'")
    return guest


def run(guest, line, seconds=60):
    """Has bash run a line; returns what it printed. Its end is marked, for the line may be wrapped by the terminal."""
    guest.type(f'{line}; echo "<"end $?">"\r')
    start = guest.seen
    guest.expect(r'<end \d+>', seconds, never=PANIC)
    text = guest.text[start:guest.seen].replace('\r', '')
    guest.expect(SHELL, seconds)
    return text


def do(guest, line, seconds=60):
    """What must succeed."""
    said = run(guest, line, seconds)
    check(said.endswith('<end 0>'), f'{line}: {said[-2000:]}')
    return said


def sums(text):
    return [line.split()[0] for line in text.splitlines() if len(line.split()) == 2 and len(line.split()[0]) == 32]


def power_off(guest):
    guest.type('poweroff\r')
    guest.wait_for_status(0, 120)
    tool('e2fsck', '-fn', disk)


stage('to a login, and to a network')
guest = boot()
state = run(guest, 'systemctl is-system-running --wait; systemctl --failed --no-legend', 120)
check('\nrunning\n' in state, f'systemd is not content: {state}')
check('/dev/sda' in run(guest, 'findmnt -n /'), 'its root is elsewhere')
do(guest, '/lib/systemd/systemd-networkd-wait-online --timeout=60', 90)
check('inet 10.0.2.15/24' in run(guest, 'ip -4 -o address'), 'no address')

stage('a compiler comes by the network')
do(guest, f"printf '%s [trusted=yes] {mirror} ./\\n' deb deb-src >/etc/apt/sources.list")
do(guest, 'apt-get -q update', 120)
do(guest, 'DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install gcc libc6-dev make dpkg-dev', 1800)
do(guest, 'cd /root && apt-get -q source hello && mv hello-*/ hello', 120)
kept = sums(do(guest, 'dd if=/dev/urandom of=/root/kept bs=64k count=100; sync; md5sum /root/kept'))[0]
stage('off')
power_off(guest)

stage('a power cut in the middle of writing')
guest = boot()
guest.type('while :; do cp -r /usr/lib/gcc /usr/share/perl* /root/lost; sync; echo r"ound"; rm -r /root/lost; done\r')
for _ in range(2):
    guest.expect('round\r', 240, never=PANIC)
time.sleep(0.5)
guest.kill()
guest = boot()
check(sums(run(guest, 'md5sum /root/kept')) == [kept], 'what is synchronized is lost')
check('\nrunning\n' in run(guest, 'systemctl is-system-running --wait', 120), 'systemd is not content after the cut')
run(guest, 'rm -rf /root/lost')

stage('saved, restored and moved, while it compiles and writes')
do(guest, '{ (for i in $(seq 60); do cp kept c$((i % 8)); sync; done; md5sum c? | cut -c1-32 | uniq -c >copies) & }')
guest.type('cd hello; echo be"gun"; ./configure -q && make -s && cp hello ../first; echo built $?\r')
guest.expect(r'begun\r', 60, never=PANIC)
time.sleep(2)
image = os.path.join(folder, 'image')
papyr('save', 'debian', image)
guest.wait_for_status(0)
guest = Guest(['run', '--restore', image, '--name', 'debian', *devices])
time.sleep(2)
socket = os.path.join(folder, 'move')
there = Guest(['run', '--incoming', 'unix:' + socket, '--name', 'there', *devices])
until('the destination', lambda: os.path.exists(socket))
check('built 0' not in guest.text, 'it was through before it could be moved')
papyr('migrate', 'debian', 'unix:' + socket)
guest.wait_for_status(0)
there.expect(r'built 0\r', 1800, never=PANIC)
there.expect(SHELL)
stage('the same once more, undisturbed')
do(there, 'wait; make -s clean && make -s', 900)
first, second = sums(do(there, 'md5sum ../first hello'))
check(first == second, 'what was compiled on its way is something else')
check('Hello, world!\n' in do(there, '../first'), 'what was compiled says something else')
check(f'8 {kept}' in do(there, 'cat ../copies'), 'what it copied on its way is not what it should be')
do(there, 'apt-get -q update', 120)
stage('off')
power_off(there)
check(len(content(disk, '/root/kept')) == 100 << 16, 'what was kept is not on the disk')
stage('done')
