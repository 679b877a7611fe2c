#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Network cards: Debian's driver gets an address, reaches the host and is reached, and goes on after saving.

    test_net.py [virtio]
"""
import atexit
import glob
import os
import socket
import subprocess
import sys
import threading
import time

from nettest import BYTES, Server, noise, noise_sum, serve
from papyrtest import PATIENCE, PROMPT, Guest, check, debian, fetch, papyr, skip, until, workdir
from virtiotest import drivers as virtio_drivers

PANIC = 'Kernel panic|Oops|BUG:'
RARP = 0x8035
ARP = 0x0806

folder = workdir()
if sys.argv[1:] == ['virtio']:
    drivers, bus = virtio_drivers('failover', 'net_failover', 'virtio_net'), ',bus=virtio'
else:
    drivers, bus = sorted(glob.glob(os.path.join(fetch('drivers'), '*.ko'))), ''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def connect(port):
    s = socket.create_connection(('127.0.0.1', port))
    s.settimeout(60 * PATIENCE)
    return s


def receive_all(s):
    s.settimeout(60 * PATIENCE)
    return b''.join(iter(lambda: s.recv(65536), b''))


def put_to(address):
    """The guest sends what it gets."""
    with socket.create_server(('', 0)) as sink:
        guest.type(f'./work put {port} {sink.getsockname()[1]} {address}\r')
        sink.settimeout(60 * PATIENCE)
        with sink.accept()[0] as s:
            check(receive_all(s) == noise, 'what went was something else')
    guest.expect('put.*\n')
    guest.expect(PROMPT)


def begin_to_receive(command):
    """So slowly that it has not all when it is saved."""
    Server.pause = 0.2
    guest.type(f'{command}\r')
    guest.expect('begun')


def make_tap(letter='a', address='198.18.77.1'):
    """An interface whose other side is the host at an address; None: it can't be had here."""
    name = f'papyr{os.getpid() % 100000}{letter}'
    for command in (f'tuntap add dev {name} mode tap', f'address add {address}/30 dev {name}', f'link set {name} up'):
        try:
            subprocess.run(['ip', *command.split()], check=True, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            return None
        atexit.register(subprocess.run, ['ip', 'link', 'delete', name], stderr=subprocess.DEVNULL)
    return name


def listen(name, protocol=RARP):
    """Hears what the guest sends to an interface."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    s.bind((name, protocol))
    s.settimeout(60 * PATIENCE)
    return s


def check_announced(ear, mac):
    """Whose switches have heard where the guest is: several times, as frames get lost."""
    for _ in range(3):
        frame = ear.recv(100)
        check(frame[:6] == b'\xff' * 6 and frame[6:12] == frame[22:28] == frame[32:38] == mac and len(frame) == 60,
              f'announced by {frame.hex()}')
    ear.close()


def check_told(ear, mac, address):
    """The guest's own kernel tells its neighbours where it is: a request for its own address."""
    while True:
        frame = ear.recv(100)
        if frame[6:12] == mac and frame[28:32] == frame[38:42] == socket.inet_aton(address):
            return


def heard(to):
    """Of 100 frames to an address, how many more the guest's card took than if they were none for it."""
    def count():
        return int(guest.command('cat /sys/class/net/eth0/statistics/rx_packets'))
    before = count()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((tap, 0))
        for _ in range(100):
            s.send(bytes.fromhex(to + '0200000000ff88b5') + bytes(50))
    time.sleep(0.5)
    return count() - before


# What the guest does, where it is more than a line of its terminal holds.
WORK = f"""#!/bin/sh
case $1 in
up) ifconfig lo 127.0.0.1; udhcpc -n -q; ifconfig eth0 ;;
get) wget -q -O - http://$3:$2/ | md5sum ;;
put) wget -q -O - http://$4:$2/ | nc $4 $3 ;;
stay) (until [ -s /tmp/got ]; do :; done; echo begun) & wget -q -O /tmp/got http://$3:$2/; md5sum /tmp/got; echo all done ;;
again) rm -f /tmp/got; (until [ -s /tmp/got ]; do :; done; echo begun) & until [ "$(stat -c %s /tmp/got 2>/dev/null)" = {BYTES} ]; do
	wget -q -c -O /tmp/got http://10.0.2.2:$2/; done; md5sum /tmp/got; echo all done ;;
serve) nc -l -p 7 -e cat & until grep -q ':0007 .* 0A ' /proc/net/tcp*; do sleep 0.1; done ;;
esac
"""
work = os.path.join(folder, 'work')
with open(work, 'w') as f:
    f.write(WORK)

port = serve()

# ---- What is said to who asks for what isn't there ----

taken = socket.socket()
taken.bind(('127.0.0.1', 0))
taken.listen()
if 'without libslirp' in papyr('run', '--net', f'user,forward=tcp::{taken.getsockname()[1]}-:22', status=1)[1]:
    skip('built without libslirp')
for words, reason in ((f'user,forward=tcp::{taken.getsockname()[1]}-:22', 'another program uses port'),
                      ('user,forward=tcp:22', 'as in forward=tcp::2222-:22'), ('slirp', 'there are user, tap:NAME'),
                      ('user,mac=01:00:00:00:00:00', 'the first byte is even'), ('tap:', 'there are user, tap:NAME'),
                      ('tap:papyrtest,restrict', 'none of mac='), ('tap:this-is-no-interface', 'no name of an interface')):
    check(reason in papyr('run', '--net', words, status=1)[1], f'--net {words}: not {reason!r}')

# ---- A guest on a network of its own ----

forwarded = free_port()
card = f'user,forward=tcp::{forwarded}-:7,mac=02:00:00:00:00:05{bus}'
guest = debian(folder, cpus='2', files=[work, *drivers], append='quiet', more=['--name', 'net', '--net', card])
guest.expect(PROMPT, 90, never=PANIC)
said = guest.command('./work up', 60)
check('addr:10.0.2.15 ' in said, f'no address: {said}')
check('02:00:00:00:00:05' in guest.command('cat /sys/class/net/eth0/address'), 'not the address that it was given')
check(' 0% packet loss' in guest.command('ping -c 3 10.0.2.2', 60), 'the gateway does not answer')
check(noise_sum in guest.command(f'./work get {port} 10.0.2.2', 120), 'what came was something else')
put_to('10.0.2.2')

# The host reaches the guest.
guest.command('./work serve')
with connect(forwarded) as s:
    part = noise[:1 << 20]
    threading.Thread(target=lambda: (s.sendall(part), s.shutdown(socket.SHUT_WR)), daemon=True).start()
    back = receive_all(s)
check(back == part, f'the guest sent back {len(back)} bytes that are not what it was sent')

# ---- Saved and restored while it receives: it learns that its connection is gone, and goes on by a new one ----

begin_to_receive(f'./work again {port}')
image = os.path.join(folder, 'image')
papyr('save', 'net', image)
guest.wait_for_status(0)
check('--net' in papyr('run', '--restore', image, status=1)[1], 'restored without its card')
check('addresses of network cards' in papyr('run', '--restore', image, '--net', 'user,mac=02:00:00:00:00:06' + bus, status=1)[1],
      'restored with another card')
Server.pause = 0
guest = Guest(['run', '--restore', image, '--name', 'net', '--net', card])
guest.expect(rf'{noise_sum}\s+/tmp/got\s+all done', 120, never=PANIC)
guest.expect(PROMPT)
check(' 0% packet loss' in guest.command('ping -c 3 10.0.2.2', 60), 'the gateway does not answer after the restore')
guest.command('./work serve')
with connect(forwarded) as s:
    s.sendall(b'hello\n')
    check(s.recv(6) == b'hello\n', 'the host does not reach the guest after the restore')
guest.type('poweroff\r')
guest.wait_for_status(0, 60)

# ---- An interface of the host's: connections go on where the guest does ----

tap = make_tap()
if not tap:
    print('no interface can be made here (root, /dev/net/tun, iproute2): --net tap was not tried')
    sys.exit(0)
cards = ['--net', f'tap:{tap},mac=02:00:00:00:00:08{bus}', '--net', 'user']
guest = debian(folder, cpus='2', files=[work, *drivers], append='quiet', more=['--name', 'tapped', *cards])
guest.expect(PROMPT, 90, never=PANIC)
guest.command('ifconfig eth0 198.18.77.2 netmask 255.255.255.252')
check('another program uses' in papyr('run', '--net', f'tap:{tap}', status=1)[1], 'two guests on one interface')
check(' 0% packet loss' in guest.command('ping -c 3 198.18.77.1', 60), 'the host does not answer')
check(noise_sum in guest.command(f'./work get {port} 198.18.77.1', 120), 'what came by the tap was something else')
put_to('198.18.77.1')
if bus:
    # Its driver says what it hears, and by which address.
    check(heard('020000000099') < 50 <= heard('020000000008'), 'it hears what is for others, or not what is for it')
    guest.command('ifconfig eth0 promisc')
    check(heard('020000000099') >= 50, 'it does not hear all when it asks to')
    guest.command('ifconfig eth0 -promisc')
    guest.command('ifconfig eth0 down hw ether 02:00:00:00:00:09')
    guest.command('ifconfig eth0 198.18.77.2 netmask 255.255.255.252')
    check(' 0% packet loss' in guest.command('ping -c 3 198.18.77.1', 60), 'no answer to another address')
    check(heard('020000000008') < 50 <= heard('020000000009'), 'it hears by the address that it had')
    guest.command('ifconfig eth0 down hw ether 02:00:00:00:00:08')
    guest.command('ifconfig eth0 198.18.77.2 netmask 255.255.255.252')
begin_to_receive(f'./work stay {port} 198.18.77.1')
image = os.path.join(folder, 'tapped')
papyr('save', 'tapped', image)
guest.wait_for_status(0)
ear = listen(tap)
Server.pause = 0
guest = Guest(['run', '--restore', image, '--name', 'tapped', *cards])
guest.expect(rf'{noise_sum}\s+/tmp/got\s+all done', 120, never=PANIC + '|reset')
guest.expect(PROMPT)
check_announced(ear, bytes.fromhex('020000000008'))

# ---- Moved to another interface, which hears of it ----

other = make_tap('b', '198.18.77.5')
cards[1] = cards[1].replace(tap, other)
ear, told = listen(other), listen(other, ARP)
way = os.path.join(folder, 'way')
there = Guest(['run', '--incoming', f'unix:{way}', '--name', 'there', *cards])
until('its socket', lambda: os.path.exists(way))
papyr('migrate', 'tapped', f'unix:{way}')
guest.wait_for_status(0)
check_announced(ear, bytes.fromhex('020000000008'))
if bus:
    check_told(told, bytes.fromhex('020000000008'), '198.18.77.2')
there.type('poweroff\r')
there.wait_for_status(0, 60)
