#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest all of whose devices are at work is saved, restored, moved, and moved back: what they read and wrote is
compared, streams of TCP through taps go on, nothing that was printed is missing."""
import atexit
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time

from devicetest import BAD, SLOT, SLOTS, make_disk, make_tree, modules, worker
from nettest import Server, noise_sum, serve
from papyrtest import PATIENCE, PROMPT, Guest, check, debian, papyr, until, workdir

MOVES = 3
folder = workdir()
blk, scsi = make_disk(folder, 'blk'), make_disk(folder, 'scsi')
tree, names, tree_sum = make_tree(folder)
MACS = ('02:00:00:00:00:10', '02:00:00:00:00:11')


def bridges():
    """Two on the host, each with two interfaces for a card, here and there; None: they can't be had."""
    taps = []
    for n in range(2):
        bridge = f'papyr{os.getpid() % 100000}b{n}'
        commands = [f'link add {bridge} type bridge', f'address add 198.18.{80 + n}.1/24 dev {bridge}', f'link set {bridge} up']
        for side in 'st':
            tap = f'papyr{os.getpid() % 100000}{side}{n}'
            commands += [f'tuntap add dev {tap} mode tap', f'link set {tap} master {bridge} up']
            taps.append(tap)
        for command in commands:
            try:
                subprocess.run(['ip', *command.split()], check=True, stderr=subprocess.DEVNULL)
            except (OSError, subprocess.CalledProcessError):
                return None
            made = re.match(r'link add (\S+)|tuntap add dev (\S+)', command)
            if made:
                atexit.register(subprocess.run, ['ip', 'link', 'delete', made[1] or made[2]], stderr=subprocess.DEVNULL)
    return taps


taps = bridges()
if not taps:
    print('no interfaces can be made here (root, /dev/net/tun, iproute2): network cards were not tried')


def options(side):
    """Those of each process that has the guest in its turn."""
    cards = [f'tap:{taps[side]},mac={MACS[0]},bus=virtio', f'tap:{taps[2 + side]},mac={MACS[1]}'] if taps else []
    return ['--disk', f'{blk},bus=virtio', '--disk', scsi, '--rng', '--balloon', '--channel', f'talk:{folder}/talk{side}',
            '--share', f'{tree}:share', *(word for card in cards for word in ('--net', card))]


class Talker(threading.Thread):
    """Asks the guest by its channel all the time, wherever it is; a connection ends when it is moved."""

    def __init__(self):
        super().__init__(daemon=True)
        self.answers, self.wrong = 0, None

    def run(self):
        while not self.wrong:
            for side in (0, 1):
                try:
                    with socket.socket(socket.AF_UNIX) as s:
                        s.settimeout(5 * PATIENCE)
                        s.connect(f'{folder}/talk{side}')
                        self.talk(s, s.makefile('r'))
                except OSError:
                    time.sleep(0.02)

    def talk(self, s, answers):
        while True:
            line = f'{self.answers} {"x" * 100}'
            s.sendall(line.encode() + b'\n')
            answer = answers.readline()
            if not answer.endswith('\n'):
                return
            # What was asked before the connection ended may be answered yet.
            if answer != f'heard {line}\n' and not re.fullmatch(r'heard \d+ x*\n', answer):
                self.wrong = answer
                return
            self.answers += 1


talker = Talker()


TYPED = 'touch /enough'


def rounds(text, name):
    # A restore that takes a while shows how far it is, and clears that line before the guest goes on in it.
    text = re.sub(r'\r[^\r\n]*\x1b\[K', '', text)
    # Some of what is typed may be echoed before or behind it, in the same line.
    return [int(n) for n in re.findall(rf'^[{TYPED}]*{name} (\d+)[{TYPED}]*\r?$', text, re.M)]


def goes_on(guest):
    """Everything does, from here on."""
    heard, start = talker.answers, len(guest.text)
    names = ['blk', 'scsi', 'share', 'rng', 'console']
    end = time.monotonic() + 60 * PATIENCE
    while talker.answers < heard + 3 or not all(rounds(guest.text[start:], name) for name in names):
        check(not re.search(BAD, guest.text), guest.text[-2000:])
        check(not talker.wrong, f'not what was said by the channel: {talker.wrong}')
        check(time.monotonic() < end, f'something stands still, {talker.answers - heard} answers; {guest.text[-1500:]}')
        guest.pump(0.2)


Server.pause = 0.1
port = serve()
guest = debian(folder, cpus='2', files=[worker(folder), *modules()], append='quiet', more=['--name', 'at0', *options(0)])
guest.expect(PROMPT, 90, never=BAD)
guest.command('./work mount')
work = [f'./work {what} &' for what in ('blk', 'scsi', f'share {names} {tree_sum} new', 'rng', 'console', 'port')]
for n in range(2 if taps else 0):
    guest.command(f'./work card {MACS[n]} 198.18.{80 + n}.2 255.255.255.0')
    check(' 0% packet loss' in guest.command(f'ping -c 2 198.18.{80 + n}.1', 60), 'the host does not answer')
    work.append(f'./work net net{n} http://198.18.{80 + n}.1:{port}/ {noise_sum} &')
guest.type(' '.join(work) + '\r')
talker.start()
goes_on(guest)
said = guest.text

# ---- Saved and restored, then moved to and fro ----

image = os.path.join(folder, 'image')
papyr('save', 'at0', image)
guest.wait_for_status(0)
said = guest.text
guest = Guest(['run', '--restore', image, '--name', 'at0', *options(0)])
goes_on(guest)
for n in range(1, MOVES + 1):
    way = os.path.join(folder, f'way{n}')
    there = Guest(['run', '--incoming', f'unix:{way}', '--name', f'at{n}', *options(n % 2)])
    until('its socket', lambda: os.path.exists(way))
    papyr('migrate', f'at{n - 1}', f'unix:{way}', '--downtime-ms', '1000', '--throttle', '90')
    guest.wait_for_status(0)
    said += guest.text
    guest = there
    goes_on(guest)

# ---- What came of it ----

before = len(guest.text)
guest.type(TYPED + '\r')
for name in ('blk', 'scsi', 'share', 'rng', 'console', *(f'net{n}' for n in range(2 if taps else 0))):
    guest.seen = before
    guest.expect(rf'{name} ends', 120, never=BAD)
    guest.seen = len(guest.text)
said += guest.text
guest.type('\r')
guest.expect(PROMPT)
ticks = rounds(said, 'console')
# The first ones may be in a line with the shell's prompt.
check(len(ticks) > 20 and ticks[0] < 5 and ticks == list(range(ticks[0], ticks[-1] + 1)),
      f'the console lost or repeated something: {ticks}')
for name, path in (('blk', blk), ('scsi', scsi)):
    wanted = guest.command(f'./work sums {name}').split()
    with open(path, 'rb') as f:
        found = [hashlib.md5(f.read(SLOT)).hexdigest() for _ in range(SLOTS)]
    check(len(wanted) == SLOTS and wanted[0] != 'none', f'no sums: {wanted}')
    check(all(w in ('none', f) for w, f in zip(wanted, found)), f'{name}: the disk holds something else than was written')
check(guest.command('./work again') == '0', 'the same random numbers twice')
check(os.listdir(tree) == ['tree'], f'left in the folder: {os.listdir(tree)}')
if taps:
    for name in ('net0', 'net1'):
        check(rounds(said, name), f'{name} had nothing whole')
print({name: (rounds(said, name) or [0])[-1] for name in ('blk', 'scsi', 'share', 'rng', 'console', 'net0', 'net1')},
      talker.answers, 'answers by the channel')
guest.type('poweroff\r')
guest.wait_for_status(0, 60)
