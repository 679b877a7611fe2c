#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest is saved and moved while there is no memory for one thing after another: test_nomem.py [STEP]. What was
asked for fails with a reason, or works without that thing; the guest runs on, and nothing of it is left behind.
Its devices have state too, of which all is written down.
STEP: of those of migrations only each STEPth request for memory is refused (1: all, up to the last)."""
import json
import mmap
import os
import struct
import sys
import time

from devicetest import make_disk, make_tree
from migratetest import wait_listening, wait_socket
from papyrtest import PATIENCE, Guest, Qmp, built, check, fail, workdir

WORKS = 'memory as it should be'
step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
folder = workdir()
out = os.path.join(folder, 'out')
os.mkdir(out)
uri = f'unix:{folder}/migrate'
# No cards on libslirp: GLib ends a process that has no memory.
devices = ['--disk', f"{make_disk(folder, 'blk')},bus=virtio", '--disk', make_disk(folder, 'scsi'), '--rng', '--balloon',
           '--share', f'{make_tree(folder)[0]}:share']


class Orders:
    """Which request for memory of a process is to be refused."""

    def __init__(self, name):
        path = os.path.join(folder, name)
        with open(path, 'wb') as f:
            f.write(bytes(8))
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), 8)
        self.env = {'LD_PRELOAD': built('failing_malloc.so'), 'PAPYR_FAIL_FILE': path}

    def give(self, n):
        self.map[:8] = struct.pack('II', n, 0)

    def take_back(self):
        """Was it carried out?"""
        met = struct.unpack('II', self.map[:8])[1]
        self.give(0)
        return met


class Client(Qmp):
    """One that may be hung up on."""

    def receive(self):
        line = self.lines.readline()
        if not line:
            raise ConnectionResetError
        return json.loads(line)


def connect(name):
    """Only one request is refused, so this works the second time."""
    for last in (False, True):
        try:
            qmp = Client(name)
            qmp.ok('qmp_capabilities')
            return qmp
        except (OSError, SystemExit):
            if last:
                raise


def say(qmp, command, **arguments):
    """The answer, or None: for want of memory the client was hung up on."""
    try:
        return qmp.execute(command, **arguments)
    except OSError:
        return None


def still_runs(guest, name, what):
    check(guest.process.poll() is None, f'{what}: the process ended')
    qmp = connect(name)
    if qmp.ok('query-status')['status'] == 'paused':
        qmp.ok('cont')
    check(qmp.ok('query-status')['status'] == 'running', f'{what}: the guest does not run')
    guest.pump(0)
    guest.seen = len(guest.text)
    guest.expect(WORKS, 60, never='FAILED|CORRUPT')


def save(n):
    """Did it work, and was anything refused?"""
    path = os.path.join(out, 'image')
    qmp = connect('nomem')
    source.give(n)
    say(qmp, 'stop')
    answer = say(qmp, 'x-save', path=path, quit=False)
    met = source.take_back()
    # Who was hung up on may have been so before the end: whoever comes next is heard after it.
    connect('nomem')
    good = bool(answer and 'return' in answer)
    check(not good or os.path.exists(path), f'{n}: it was saved, and there is no file: {answer}')
    if not good and answer:
        print(f"  {n}: {answer['error']['desc']}")
    if os.path.exists(path):
        os.remove(path)
    check(not os.listdir(out), f'{n}: {os.listdir(out)} is left')
    return good, met


def outcome():
    """Why a migration has failed."""
    end = time.monotonic() + 30 * PATIENCE
    while time.monotonic() < end:
        v = (say(connect('nomem'), 'query-migrate') or {}).get('return', {})
        check(v.get('status') != 'completed', 'a guest came whose destination would not have it')
        if v.get('status') in ('failed', 'cancelled'):
            return v.get('error-desc', '')
        time.sleep(0.1)
    fail('the migration does not end')


def move(n, orders):
    """A destination that hangs up when it has everything. Was anything refused? And did it come that far?"""
    dest = Guest(['run', '--incoming', uri, '--name', 'dest', *devices], env={**there.env, 'PAPYR_FAULT': 'dest-applied:cut'})
    wait_listening(uri)
    qmp = connect('nomem')
    orders.give(n)
    answer = say(qmp, 'migrate', uri=uri)
    why = answer['error']['desc'] if answer and 'error' in answer else outcome()
    met = orders.take_back()
    dest.process.kill()
    dest.wait()
    if os.path.exists(uri[5:]):
        os.remove(uri[5:])
    print(f'  {n}: {why}')
    return met


def walk(what, attempt, step):
    n, met = 1, True
    while met:
        met = attempt(n)
        still_runs(guest, 'nomem', f'{what}, {n}')
        n += step
    print(f'{what}: {n - step} requests')


def try_save(n):
    good, met = save(n)
    check(good or met, f'{n}: it failed with all the memory it wanted')
    return met


source, there = Orders('source'), Orders('there')
guest = Guest(['run', '--name', 'nomem', '-p', 'storm', '-m', '64M', '-c', '2', *devices], env=source.env)
guest.expect(WORKS, 60)
wait_socket('nomem')
walk('save', try_save, 1)
# However slowly it answers, GO is a record of its own.
connect('nomem').ok('migrate-set-parameters', **{'downtime-limit': 2000})
walk('source', lambda n: move(n, source), step)
walk('destination', lambda n: move(n, there), step)
