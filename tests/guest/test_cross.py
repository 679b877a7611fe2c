#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guests move between Papyr and a POWER kernel: saved here, restored on Linux's KVM by a papyr built for ppc64le, saved
there, restored here; and one that began there. Their memory checks hold throughout.

The POWER kernel is tests/kvm/linux-kvm-run's: Debian's, on an emulated PowerNV machine.
"""
import os
import re
import subprocess

from papyrtest import BUILT, PATIENCE, SKIP, TOP, Guest, built, check, debian, papyr, skip, workdir

SMALL = r'round (\d+): memory as it should be'
STORM = r'storm (\d+): \d+ forks'
WRONG = r'FAILED|CORRUPT|[Pp]anic|Oops|BUG'
BEATS = 3  # how often a guest must report itself on each side

folder = workdir()


def tool(*command, seconds):
    """Runs one of the project's tools; returns what it printed, skips the test if it can't be done here."""
    print('$ ' + ' '.join(command), flush=True)
    got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=seconds * PATIENCE)
    if got.returncode == SKIP:
        skip(got.stdout.strip().split('\n')[-1])
    print(got.stdout)
    return got


def image(name, where='here'):
    return os.path.join(folder, where, name + '.img')


def last_beat(text, pattern):
    """The number that the guest reported last."""
    beats = re.findall(pattern, text)
    check(beats, f'no report: {text[-2000:]!r}')
    return int(beats[-1])


def go_on_and_save(guest, name, pattern):
    """Lets the guest report itself, saves it and returns its last report."""
    for _ in range(BEATS):
        guest.expect(pattern, 120, never=WRONG)
    papyr('save', name, image(name))
    guest.wait_for_status(0)
    return last_beat(guest.text, pattern)


def restored_from_there(name, pattern, beat):
    """Goes on here with what was saved there, where the guest had come to @beat."""
    papyr('htab', 'verify', image(name, 'there'))
    guest = Guest(['run', '--restore', image(name, 'there'), '--name', name])
    for _ in range(BEATS):
        found = guest.expect(pattern, 120, never=WRONG)
        check(int(found.group(1)) > beat, f'{name} is at {found.group(1)} after {beat}')
        beat = int(found.group(1))
    papyr('stop', name)
    guest.wait_for_status(0)


os.mkdir(os.path.join(folder, 'here'))
power = os.path.join(BUILT, 'ppc64le')
check(tool(os.path.join(TOP, 'tools', 'cross-ppc64le'), power, seconds=400).returncode == 0, 'the build for ppc64le')

# Saved here.
patterns = {'small': SMALL, 'debian': STORM, 'begun-there': SMALL}
beats = {'begun-there': 0}
guest = Guest(['run', '--name', 'small', '-p', 'storm', '-m', '64M', '-c', '2', '--htab-order', '18'])
beats['small'] = go_on_and_save(guest, 'small', SMALL)
start = os.path.join(folder, 'autorun')
with open(start, 'w') as f:
    f.write('#!/bin/sh\nexec ./storm 2\n')
os.chmod(start, 0o755)
guest = debian(folder, cpus='2', memory='256M', files=[built('storm'), start], more=['--name', 'debian'])
beats['debian'] = go_on_and_save(guest, 'debian', STORM)

# There: all in one boot.
plain = {'small': 'round .*: memory as it should be', 'debian': 'storm .* forks'}
files = [os.path.join(power, 'src', 'cmd', 'papyr'), image('small'), image('debian')]
got = tool(os.path.join(TOP, 'tests', 'kvm', 'linux-kvm-run'), '-m', '3G', '-s', '400', '-t', '450',
           '-o', os.path.join(folder, 'there'), *[a for f in files for a in ('-f', f)],
           os.path.join(TOP, 'tests', 'guest', 'cross-over'), str(BEATS), 'small', plain['small'],
           'debian', plain['debian'], 'begun-there', plain['small'], seconds=500)
for name, pattern in patterns.items():
    log = os.path.join(folder, 'there', name + '.log')
    check(os.path.exists(log), f'nothing came back of {name}')
    with open(log, errors='replace') as f:
        text = f.read()
    print(f'--- {name} on Linux\'s KVM:\n{text[-1500:]}')
    check(not re.search(WRONG, text), f'{name} on Linux\'s KVM')
    check(f'{name}: saved' in got.stdout, f'{name} was not saved on Linux\'s KVM')
    first = int(re.search(pattern, text).group(1))
    check(first > beats[name], f'{name} was at {first} on Linux\'s KVM after {beats[name]} here')
    beats[name] = last_beat(text, pattern)

# And here again.
for name, pattern in patterns.items():
    restored_from_there(name, pattern, beats[name])
