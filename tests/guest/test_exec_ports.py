#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr exec -p: ports of the host's lead to the guest's, also of one that was saved; what can't be is refused."""
import socket
import subprocess

from papyrtest import PAPYR, PATIENCE, check, fetch, workdir

fetch('virtio')
workdir()


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def begin(*args):
    print('$ papyr exec ' + ' '.join(args), flush=True)
    p = subprocess.Popen([PAPYR, 'exec', *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = p.stdout.readline()
    check(line == 'listening\n', f'it said {line!r} {p.stderr.read() if not line else ""}')
    return p


def ended(p, out=''):
    rest = p.communicate(timeout=60 * PATIENCE)
    check((*rest, p.returncode) == (out, '', 0), f'{rest}, status {p.returncode}')


def greets(port):
    """What the guest's server says: an answer may take until it listens, for the port is there before."""
    with socket.create_connection(('127.0.0.1', port), timeout=60 * PATIENCE) as s:
        s.sendall(b'from outside\n')
        return s.makefile('rb').read()


SERVER = 'echo hello from $(uname -m) >/tmp/h; nc -l -p 80 </tmp/h >/tmp/in & ' \
         'until grep -q ":0050 " /proc/net/tcp /proc/net/tcp6; do usleep 10000; done; echo listening; wait; cat /tmp/in'

# ---- TCP: a guest that boots, and one that was saved; the port is free afterwards ----

port = free_port()
for how in (['--cold'], [], []):
    serving = begin(*how, '-p', f'{port}:80', 'sh', '-c', SERVER)
    check(greets(port) == b'hello from ppc64le\n', 'another answer')
    ended(serving, 'from outside\n')

# ---- Several ports, an address, beside --net's own words ----

ports = [free_port() for _ in range(3)]
serving = begin('--net', f'user,forward=tcp::{ports[0]}-:81', '-p', f'127.0.0.1:{ports[1]}:82/tcp', '--publish',
                f'0.0.0.0:{ports[2]}:83', 'sh', '-c',
                'for p in 81 82 83; do echo $p | nc -l -p $p >/dev/null & '
                'until grep -qi ":$(printf %04x $p) .* 0A " /proc/net/tcp /proc/net/tcp6; do usleep 10000; done; done; '
                'echo listening; wait')
check([greets(p) for p in ports] == [b'81\n', b'82\n', b'83\n'], 'ports lead elsewhere')
ended(serving)

# ---- UDP: busybox has no server for it, but the kernel counts what comes for a port that nobody has ----

port = free_port(socket.SOCK_DGRAM)
serving = begin('-p', f'{port}:53/udp', 'sh', '-c',
                "echo listening; until awk '/^Udp:/ {n = $3} END {exit n != 1}' /proc/net/snmp; do usleep 10000; done; echo came")
with socket.socket(type=socket.SOCK_DGRAM) as s:
    s.sendto(b'datagram', ('127.0.0.1', port))
    ended(serving, 'came\n')

# ---- What can't be ----

with socket.create_server(('127.0.0.1', 0)) as taken:
    port = taken.getsockname()[1]
    for args, word in [
            (['-p', f'{port}:80'], f'another program uses port {port} of 127.0.0.1'),
            (['-p', '192.0.2.1:8080:80'], 'cannot forward port 8080 of 192.0.2.1'),
            (['-p', '80'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', '1:0'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', '65536:1'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', '1:2/sctp'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', 'localhost:1:2'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', '::1:1:2'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', '1:2,restrict'], 'not [ADDRESS:]PORT:PORT'),
            (['-p', '1' * 100 + ':2'], 'not [ADDRESS:]PORT:PORT'),
            (['--net', 'none', '-p', '1:2'], '--net none'),
            (['-p', '1024:2'] * 33, '32 ports'),
            (['-p', '1024:2'] * 200, 'too many'),
    ]:
        got = subprocess.run([PAPYR, 'exec', *args, 'true'], capture_output=True, text=True, timeout=60 * PATIENCE)
        check((got.returncode, got.stdout) == (125, '') and word in got.stderr, f'{args[:4]}: {got}')
