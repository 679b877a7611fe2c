#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Machines that translate programs at run time, on four processors: test_jits.py SECONDS [v8|openjdk...].

Each is run with several options for that long in all (jits.js and Jits.java have what they do). Every answer has been compared
in the guest when it ends; where the host has such a machine too, it does the same rounds, and has to come to the same sums.
"""
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from realtest import CHECKED, HERE, NEVER, boot
from papyrtest import PROMPT, check, workdir  # realtest says where that is


@dataclass
class Machine:
    name: str
    command: str  # before its options
    script: str
    options: tuple  # of each run
    ready: str = ''  # what is done before, anywhere


MACHINES = [
    Machine('v8', 'node', '{here}/jits.js', (
        '', '--interrupt-budget=20000', '--max-semi-space-size=1 --gc-interval=20000')),
    Machine('openjdk', 'java -Xmx512m -cp {made}', 'Jits', (
        '', '-XX:-TieredCompilation', '-XX:TieredStopAtLevel=1', '-XX:ReservedCodeCacheSize=8m -XX:+UseSerialGC',
        '-XX:-BackgroundCompilation'), 'javac -d {made} {here}/Jits.java'),
]


def on_host(machine, folder, rounds):
    """Returns its sums; None: the host has no such machine."""
    words = [word.format(here=HERE, made=folder) for word in f'{machine.command} {machine.script} --rounds {rounds}'.split()]
    ready = [word.format(here=HERE, made=folder) for word in machine.ready.split()]
    if not shutil.which(words[0]) or ready and not shutil.which(ready[0]):
        return None
    if ready:
        subprocess.run(ready, check=True)
    got = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=3600)
    found = re.search(r'sums (\S+)', got.stdout)
    check(found, f'{" ".join(words)} failed on the host: {got.stdout}')
    return found[1]


def run(guest, folder, machine, options, seconds):
    command = ' '.join(filter(None, [machine.command, options, machine.script, f'{seconds:.0f}']))
    guest.type(f'/real/check {command.format(here="/real", made="/tmp")}\r')
    found = guest.expect(CHECKED, seconds + 600, never=NEVER)
    guest.expect(PROMPT)
    if found[1] != '0' or found[2] == '0':
        print(guest.command('tail -c 6000 /tmp/log'))
    check(found[1] == '0' and found[2] != '0', f'{machine.name} {options}: status {found[1]}, {found[2]} checks')
    log = guest.command('grep -E "^(rounds|sums) " /tmp/log')
    rounds, sums = (re.search(rf'^{word} (\S+)', log, re.M)[1] for word in ('rounds', 'sums'))
    theirs = on_host(machine, folder, rounds)
    check(theirs in (None, sums), f'{machine.name} {options}: sums {sums} for rounds {rounds}, {theirs} on the host')
    print(f'{machine.name} {options}: {found[2]} checks in {found[3]} s, rounds {rounds}, sums ' +
          ('as on the host' if theirs else 'not compared: the host has none'), flush=True)


seconds = float(sys.argv[1])
wanted = [m for m in MACHINES if not sys.argv[2:] or m.name in sys.argv[2:]]
check(wanted, f'no such machine among {[m.name for m in MACHINES]}')
folder = workdir()
guest = boot(folder, 'languages', ['--name', 'jits'])
for machine in wanted:
    if machine.ready:
        guest.command(machine.ready.format(here='/real', made='/tmp'), 600)
    for options in machine.options:
        run(guest, folder, machine, options, seconds / len(machine.options))
guest.type('busybox poweroff -f\r')
guest.wait_for_status(0)
