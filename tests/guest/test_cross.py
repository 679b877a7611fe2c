#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guests move between Papyr and a POWER kernel: saved here, restored on Linux's KVM by a papyr built for ppc64le, saved
there, restored here; one that began there; and one that came there in a migration's stream. Their memory checks hold throughout.

The POWER kernel is tests/kvm/linux-kvm-run's: Debian's, on an emulated PowerNV machine.
"""
import os
import re
import subprocess

from papyrtest import BUILT, PATIENCE, SKIP, TOP, Guest, autorun, built, check, debian, papyr, skip, workdir

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


def path(name, where='here'):
    return os.path.join(folder, where, name)


def last_beat(text, pattern):
    """The number that the guest reported last."""
    beats = re.findall(pattern, text)
    check(beats, f'no report: {text[-2000:]!r}')
    return int(beats[-1])


def go_on(guest, pattern):
    for _ in range(BEATS):
        guest.expect(pattern, 120, never=WRONG)


def leave(guest, name, pattern, *way):
    """Lets the guest report itself, sends it off and returns its last report."""
    go_on(guest, pattern)
    papyr(way[0], name, way[1])
    guest.wait_for_status(0)
    return last_beat(guest.text, pattern)


def come_back(name, pattern, beat):
    """Goes on here with what came from there, where the guest had come to @beat."""
    guest = Guest(['run', '--name', name, '--restore', path(name + '.img', 'there')])
    go_on(guest, pattern)
    first = int(re.search(pattern, guest.text).group(1))
    check(first > beat, f'{name} is at {first} after {beat}')
    papyr('stop', name)
    guest.wait_for_status(0)


def small(name):
    return Guest(['run', '--name', name, '-p', 'storm', '-m', '64M', '-c', '2', '--htab-order', '18'])


os.mkdir(path(''))
power = os.path.join(BUILT, 'ppc64le')
check(tool(os.path.join(TOP, 'tools', 'cross-ppc64le'), power, seconds=400).returncode == 0, 'the build for ppc64le')

# From here: as images, and as a migration's stream.
patterns = {'small': SMALL, 'debian': STORM, 'begun-there': SMALL, 'live': SMALL}
beats = {'begun-there': 0}
beats['small'] = leave(small('small'), 'small', SMALL, 'save', path('small.img'))
beats['live'] = leave(small('live'), 'live', SMALL, 'migrate', 'file:' + path('live.live'))
autorun(folder, 'exec ./storm 2')
guest = debian(folder, cpus='2', memory='256M', files=[built('storm'), os.path.join(folder, 'autorun')],
               more=['--name', 'debian'])
beats['debian'] = leave(guest, 'debian', STORM, 'save', path('debian.img'))

# There, all in one boot. A pattern is grep's on that side.
guests = [word for name in patterns for word in (name, patterns[name].replace(r'(\d+)', '.*').replace(r'\d+', '.*'))]
files = [os.path.join(power, 'src', 'cmd', 'papyr'), path('small.img'), path('live.live'), path('debian.img')]
got = tool(os.path.join(TOP, 'tests', 'kvm', 'linux-kvm-run'), '-m', '3G', '-s', '500', '-t', '550',
           '-o', path('', 'there'), *[a for f in files for a in ('-f', f)],
           os.path.join(TOP, 'tests', 'guest', 'cross-over'), str(BEATS), *guests, seconds=600)
for name, pattern in patterns.items():
    check(os.path.exists(path(name + '.log', 'there')), f'nothing came back of {name}')
    with open(path(name + '.log', 'there'), errors='replace') as f:
        text = f.read()
    print(f"--- {name} on Linux's KVM:\n{text[-1500:]}")
    check(not re.search(WRONG, text), f"{name} on Linux's KVM")
    first = int(re.search(pattern, text).group(1))
    check(first > beats[name], f"{name} was at {first} on Linux's KVM after {beats[name]} here")
    beats[name] = last_beat(text, pattern)
    check(f'{name}: saved' in got.stdout, f"{name} was not saved on Linux's KVM")
check(got.returncode == 0, f'cross-over: exit status {got.returncode}')

# And here again.
for name in patterns:
    papyr('htab', 'verify', path(name + '.img', 'there'))
    come_back(name, patterns[name], beats[name])
