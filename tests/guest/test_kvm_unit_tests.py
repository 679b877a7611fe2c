#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-unit-tests' guests for ppc64, which tools/fetch-kvm-unit-tests builds: those of its unittests.cfg, as that says, in
either byte order and by either engine, and moved where they ask for that. test_kvm_unit_tests.py [NAME...]"""
import configparser
import fnmatch
import itertools
import os
import re
import subprocess
import sys

from migratetest import migrate, wait_listening
from papyrtest import TOP, Guest, check, fail, skip, workdir

# What QEMU alone has.
NOT_OURS = {
    'rtas-get-time-of-day-base': 'another date than the host has',
    'smp-thread-single': "how many threads QEMU's TCG has",
    'timebase-icount': "time by QEMU's count of instructions",
}
# What is skipped inside, and says why. Everything else that is skipped is a failure.
SKIPS = {
    'mmu': 'MMU is only supported for radix',
    'h_cede_tm': 'TM is not available',
    'timebase': 'hdec: test re.*machine',
}
# What a guest says that it is to be moved by; it goes on at a key. The last is said twice, for a move may come between.
ASKS = r'EXIT: STATUS=(\d+)|Now migrate the VM|Begin continuous migration|Skipped VM migration'
ENOUGH = r'End continuous migration'
OK, SKIPPED = 1, 77

folder = workdir()
names = itertools.count()


def new_name():
    return f'g{next(names)}'


def fetched():
    got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-kvm-unit-tests')], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("kvm-unit-tests can't be had: " + got.stderr.strip())
    return got.stdout.strip()


def table(path):
    """The sections of unittests.cfg, whose names aren't all unique as those of other architectures."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(path)
    check(len(config.sections()) >= 15, f'{path} has {len(config.sections())} guests')
    return [(name, dict(config[name])) for name in config.sections()]


def words(text):
    """As a shell has them: there are quotes, and commands that say what time it is."""
    return subprocess.run(['sh', '-c', f'printf %s {text}'], stdout=subprocess.PIPE, text=True, check=True).stdout


def options(name, test):
    found = ['-c', test.get('smp', '1')]
    if 'test_args' in test:
        found += ['-p', words(test['test_args'])]
    memory = re.search(r'-m (\d+[gm])', test.get('qemu_params', ''))
    return found + (['-m', memory[1].upper()] if memory else [])


class Moved:
    """A guest that is moved from one papyr to another, and what it said at all of them."""

    def __init__(self, arguments):
        self.said, self.moves = '', 0
        self.name = new_name()
        self.guest = Guest(['run', '--name', self.name, *arguments])

    def move(self):
        """Returns whether it had enough of moves, as far as can be known already."""
        name = new_name()
        uri = f'unix:{folder}/{name}.move'
        arrived = Guest(['run', '--incoming', uri, '--name', name])
        wait_listening(uri)
        status, _, said = migrate(self.name, uri)
        check(status == 0, f'a move: {said}')
        self.guest.wait_for_status(0)
        left = self.guest.text[self.guest.seen:]
        self.said += self.guest.text
        self.guest, self.name = arrived, name
        self.moves += 1
        arrived.pump(0.3)
        return bool(re.search(ENOUGH, left + arrived.text))

    def run(self):
        """To its end; returns the status that it gave."""
        while True:
            found = self.guest.expect(ASKS, 60)
            if found[1]:
                break
            if found[0].startswith('Begin'):
                self.guest.type('k')
                while not self.move():
                    pass
            elif found[0].startswith('Now'):
                self.move()
            self.guest.type('k')
        self.guest.wait_for_status(0)
        self.said += self.guest.text
        return int(found[1])


def judge(name, said, status):
    """Returns the number of checks; what is wrong ends the test."""
    passed = len(re.findall(r'^PASS: ', said, re.M))
    bad = re.findall(r'^(?:FAIL|XPASS|Unhandled|.*assert failed).*', said, re.M)
    skips = [line for line in re.findall(r'^SKIP: (.*)', said, re.M) if not re.search(SKIPS.get(name, '$^'), line)]
    right = status == OK or (status == SKIPPED and name in SKIPS)
    if bad or skips or not right or not (passed or name in SKIPS or '78498 out of 1000000' in said):
        print(said[-4000:])
        fail(f'{name}: status {status}, {passed} checks passed; {bad + skips}')
    return passed


wanted = sys.argv[1:] or ['*']
built = fetched()
total = 0
for order, engine in ('le', 'native'), ('be', 'native'), ('le', 'portable'):
    for name, test in table(os.path.join(built, 'unittests.cfg')):
        if name in NOT_OURS or not any(fnmatch.fnmatch(name, w) for w in wanted):
            continue
        moved = Moved(['-k', os.path.join(built, order, test['file']), '--engine', engine, *options(name, test)])
        status = moved.run()
        passed = judge(name, moved.said, status)
        moves = 'migration' in test.get('groups', '') and name != 'selftest-migration-skip'
        check(moves == (moved.moves > 0), f'{name}: moved {moved.moves} times')
        print(f'{name:26} {order} {engine:9} {passed:4} checks', flush=True)
        total += passed
check(total > 0, f'no guest is called {wanted}')
print(f'{total} checks')
