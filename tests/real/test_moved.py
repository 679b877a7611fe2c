#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's programs that are moved to another papyr in the middle, and saved and restored in the middle, have the same
answers as before: test_moved.py [PROGRAM...]. Each is run again and again meanwhile, so that always one is in its middle.
"""
import fnmatch
import os
import random
import sys
import time

from realtest import CHECKED, NEVER, boot
from papyrtest import Guest, check, papyr, until, workdir
from migratetest import Local, migrate, status, wait_listening


def python(module, only=''):
    return (f'python {module}', 'all', f'python3 -m test -v -u none test_{module} {only}'.rstrip())


PROGRAMS = [
    python('decimal', '-m "*Arithmetic*" -m "*Usability*"'),
    python('json'),
    python('hashlib'),
    ('perl', 'all', 'perl /real/arithmetic.pl'),
    ('openssl', 'all', 'sh /real/openssl.sh'),
    ('sqlite', 'all', 'sh /real/sqlite.sh'),
    ('compressors', 'all', 'sh /real/compress.sh'),
    ('gcc', 'all', 'sh /real/compiler.sh'),
    ('java', 'languages', 'sh /real/languages.sh java once'),
    ('node', 'languages', 'sh /real/languages.sh node once'),
    ('go', 'languages', 'sh /real/languages.sh go once'),
    ('rust', 'languages', 'sh /real/languages.sh rust once'),
]


class Traveller:
    """A guest that is now here, now there."""

    def __init__(self, folder, userland):
        self.folder = folder
        self.link = Local(folder)
        self.stays = 0
        self.guest = boot(folder, userland, ['--name', self.name()])

    def name(self):
        return f'stay{self.stays}'

    def follow(self, there):
        """What it wrote before it left, and nobody looked at, goes with it."""
        self.guest.wait_for_status(0)
        there.text = self.guest.text[self.guest.seen:]
        self.guest = there

    def move(self):
        """Returns how long it stood still, in ms."""
        left = self.name()
        self.stays += 1
        uri = self.link.uri(self.stays)
        there = Guest(['run', '--incoming', uri, '--name', self.name()])
        wait_listening(uri)
        # How short it stands still is for other tests to say.
        status, value, said = migrate(left, uri, '--throttle', '90', '--downtime-ms', '3000', seconds=300)
        check(status == 0, f'the guest did not move: {said}')
        self.follow(there)
        return value['x-papyr']['downtime-ms']

    def save(self):
        """Returns the image's size in MB."""
        image = os.path.join(self.folder, 'image')
        papyr('save', self.name(), image, seconds=300)
        self.stays += 1
        self.follow(Guest(['run', '--restore', image, '--name', self.name()]))
        # What is typed before may be lost.
        until('a restored guest', lambda: status(self.name()) == 'running', 300)
        return os.path.getsize(image) / 1e6


def travel(traveller, name, command):
    """Returns the program's row."""
    answers = []

    def answer(pattern=CHECKED):
        found = traveller.guest.expect(pattern, 1800, never=NEVER)
        if found[1]:
            answers.append((found[1], found[2]))
        return found

    traveller.guest.command('rm -f /tmp/stop')
    traveller.guest.type(f'(until [ -e /tmp/stop ]; do /real/check {command}; done; echo ENDED) &\r')
    seconds = float(answer()[3])
    # What a log of a wrong answer would say is gone when the next run begins: it is shown by test_real.py.
    time.sleep(seconds * random.uniform(0.2, 0.5))
    downtime = traveller.move()
    time.sleep(seconds * random.uniform(0.1, 0.3))
    size = traveller.save()
    traveller.guest.type('touch /tmp/stop\r')
    while answer(f'{CHECKED}|ENDED')[0] != 'ENDED':
        pass
    good = len(answers) > 1 and answers[0][0] == '0' and answers[0][1] != '0' and len(set(answers)) == 1
    if not good:
        print(f'--- {name}: status and checks: {answers}', traveller.guest.command('tail -c 6000 /tmp/log'), sep='\n')
    return name, answers[0][1], len(answers), 'ok' if good else 'FAILED', seconds, downtime, size


def travels(userland, programs):
    if not programs:
        return []
    traveller = Traveller(workdir(), userland)
    rows = []
    for name, _, command in programs:
        rows.append(travel(traveller, name, command))
        print(ROW.format(*rows[-1]), flush=True)
    traveller.guest.type('busybox poweroff -f\r')
    traveller.guest.wait_for_status(0)
    return rows


ROW = '{:16} {:>6} {:>5}  {:6} {:>8} {:>12.1f} {:>9.0f}'
seed = int(os.environ.get('PAPYR_SEED', time.time()))
print(f'PAPYR_SEED={seed}')
random.seed(seed)
wanted = [p for p in PROGRAMS if len(sys.argv) == 1 or any(fnmatch.fnmatch(p[0], w) for w in sys.argv[1:])]
check(wanted, f'no such program among {[p[0] for p in PROGRAMS]}')
rows = travels('all', [p for p in wanted if p[1] == 'all']) + travels('languages', [p for p in wanted if p[1] == 'languages'])
print('\nprogram          checks  runs  result  seconds  downtime, ms  image, MB')
for row in rows:
    print(ROW.format(*row))
failed = [row[0] for row in rows if row[3] == 'FAILED']
check(not failed, f'other answers: {", ".join(failed)}')
