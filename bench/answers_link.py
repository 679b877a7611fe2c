# SPDX-License-Identifier: Apache-2.0
"""Two network namespaces with a link of a chosen speed between them, and somebody at its other end who counts."""
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading

NEAR, FAR = 'papyr-near', 'papyr-far'
NEAR_IP, FAR_IP = '10.99.0.1', '10.99.0.2'
NAMES, IPS = (NEAR, FAR), (NEAR_IP, FAR_IP)
PORT = 4711
# The bucket: what the link takes at once after a pause. No more than 0.2 ms' worth, but a packet at least.
BURST = {'100mbit': 4000, '1gbit': 24000, '10gbit': 240000}


def run(*command, fine=False):
    got = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if got.returncode and not fine:
        sys.exit(f"'{' '.join(command)}' failed: {got.stdout.strip()} (needs root)")


def remove():
    for name in (NEAR, FAR):
        run('ip', 'netns', 'del', name, fine=True)


def make():
    if not shutil.which('tc') or not shutil.which('ip'):
        sys.exit('no ip and tc (Debian: iproute2): tools/need bench')
    remove()
    for name in (NEAR, FAR):
        run('ip', 'netns', 'add', name)
    run('ip', 'link', 'add', 'near', 'netns', NEAR, 'type', 'veth', 'peer', 'name', 'far', 'netns', FAR)
    for name, dev, ip in ((NEAR, 'near', NEAR_IP), (FAR, 'far', FAR_IP)):
        run('ip', 'netns', 'exec', name, 'ip', 'addr', 'add', ip + '/24', 'dev', dev)
        run('ip', 'netns', 'exec', name, 'ip', 'link', 'set', dev, 'up')
        run('ip', 'netns', 'exec', name, 'ip', 'link', 'set', 'lo', 'up')


def set_rate(rate):
    """None: as fast as it goes."""
    for name, dev in ((NEAR, 'near'), (FAR, 'far')):
        if not rate:
            run('ip', 'netns', 'exec', name, 'tc', 'qdisc', 'del', 'dev', dev, 'root', fine=True)
            continue
        run('ip', 'netns', 'exec', name, 'tc', 'qdisc', 'replace', 'dev', dev, 'root', 'tbf', 'rate', rate, 'burst',
            str(BURST[rate]), 'limit', '4mb')


def serve(connection):
    """Counts what comes until the end of it, then says so."""
    buffer, got = bytearray(1 << 20), 0
    with connection:
        while True:
            n = connection.recv_into(buffer)
            if not n:
                break
            got += n
        connection.sendall(struct.pack('>Q', got))


def sink():
    """The program at the far end."""
    listener = socket.create_server((FAR_IP, PORT))
    print('ready', flush=True)
    while True:
        threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()


class Far:
    def __init__(self, script, what='--sink'):
        self.process = subprocess.Popen(['ip', 'netns', 'exec', FAR, sys.executable, script, what],
                                        stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def connect(self):
        s = socket.create_connection((FAR_IP, PORT))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def end(self):
        self.process.kill()
        self.process.wait()


def finish(s):
    """No more will come: waits until the far end has it all; returns how many bytes that was."""
    s.shutdown(socket.SHUT_WR)
    answer = b''
    while len(answer) < 8:
        piece = s.recv(8 - len(answer))
        if not piece:
            sys.exit('the far end is gone')
        answer += piece
    s.close()
    return struct.unpack('>Q', answer)[0]
