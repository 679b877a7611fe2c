#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guests move between Papyr and a POWER kernel. As images: saved here, restored on Linux's KVM by a papyr built for ppc64le,
saved there, restored here; one that began there; and one that comes and goes in a migration's stream. And alive: migrated
from here to Linux's KVM, to another papyr there, and back. Their memory checks hold throughout.

The POWER kernel is tests/kvm/linux-kvm-run's: Debian's, on emulated PowerNV machines. On a POWER8 Linux's log of
writes is incomplete (tests/kvm/differences.md): a guest must be paused to leave it. Running ones are migrated on a POWER9.
"""
import atexit
import os
import re
import subprocess
import time

from papyrtest import BUILT, PAPYR, PATIENCE, SKIP, TOP, Guest, autorun, built, check, debian, fail, papyr, skip, workdir

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
    papyr(way[0], name, *way[1:], seconds=400)
    guest.wait_for_status(0)
    return last_beat(guest.text, pattern)


def resume(name):
    """When it has come."""
    for _ in range(100):
        if subprocess.run([PAPYR, 'resume', name], stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.1)
    fail(f'{name} cannot be resumed')


def come_back(name, pattern, beat, *way, paused=False):
    """Goes on here with what comes from there, where the guest had come to @beat."""
    guest = Guest(['run', '--name', name, *way])
    if paused:
        resume(name)
    go_on(guest, pattern)
    first = int(re.search(pattern, guest.text).group(1))
    check(first > beat, f'{name} is at {first} after {beat}')
    papyr('stop', name)
    guest.wait_for_status(0)
    return first


def small(name):
    return Guest(['run', '--name', name, '-p', 'storm', '-m', '64M', '-c', '2', '--htab-order', '18'])


def stormy_debian(name):
    autorun(folder, 'exec ./storm 2')
    return debian(folder, cpus='2', memory='256M', files=[built('storm'), os.path.join(folder, 'autorun')],
                  more=['--name', name])


def cross_over(model, out, files, guests):
    """The command that takes @guests, pairs of names and patterns, through Linux's KVM; their logs and images go to @out."""
    words = [word for name, pattern in guests
             for word in (name, pattern.replace(r'(\d+)', '.*').replace(r'\d+', '.*'))]  # grep's on that side
    files = [os.path.join(power, 'src', 'cmd', 'papyr'), *files]
    return [os.path.join(TOP, 'tests', 'kvm', 'linux-kvm-run'), '-M', model, '-m', '3G', '-s', '500', '-t', '550', '-o', out,
            *[a for f in files for a in ('-f', f)]], [os.path.join(TOP, 'tests', 'guest', 'cross-over'), str(BEATS), *words]


def log_of(name, pattern, out, beat):
    """Looks at what @name printed on Linux's KVM, after it had come to @beat; returns its last report."""
    log = os.path.join(out, name + '.log')
    check(os.path.exists(log), f'nothing came back of {name}')
    with open(log, errors='replace') as f:
        text = f.read()
    print(f"--- {name} on Linux's KVM:\n{text[-1500:]}")
    check(not re.search(WRONG, text), f"{name} on Linux's KVM")
    first = int(re.search(pattern, text).group(1))
    check(first > beat, f"{name} was at {first} on Linux's KVM after {beat} here")
    return last_beat(text, pattern)


def as_images():
    patterns = {'small': SMALL, 'debian': STORM, 'begun-there': SMALL, 'live': SMALL}
    beats = {'begun-there': 0}
    beats['small'] = leave(small('small'), 'small', SMALL, 'save', path('small.img'))
    beats['live'] = leave(small('live'), 'live', SMALL, 'migrate', 'file:' + path('live.live'))
    beats['debian'] = leave(stormy_debian('debian'), 'debian', STORM, 'save', path('debian.img'))
    there = path('', 'there')
    options, command = cross_over('powernv8', there, [path('small.img'), path('live.live'), path('debian.img')],
                                  patterns.items())
    got = tool(*options, *command, seconds=600)
    for name, pattern in patterns.items():
        beats[name] = log_of(name, pattern, there, beats[name])
        done = "left Linux's KVM, paused" if name == 'live' else "saved on Linux's KVM"
        check(f'{name}: {done}' in got.stdout, f'no {name}: {done}')
    check(got.returncode == 0, f'cross-over: exit status {got.returncode}')
    come_back('live', SMALL, beats.pop('live'), '--incoming', 'file:' + path('live.live', 'there'), paused=True)
    for name in beats:
        papyr('htab', 'verify', path(name + '.img', 'there'))
        come_back(name, patterns[name], beats[name], '--restore', path(name + '.img', 'there'))


def alive():
    """All guests in one boot, one after another: each comes there by one channel of the wormhole and leaves by the next."""
    guests = {'small': (SMALL, small), 'debian': (STORM, stormy_debian)}
    memory, there = path('memory', ''), path('', 'alive')
    end = str(3 << 30)

    def wormhole(channel, *way):
        return [built('wormhole'), *way, memory, end, str(channel), '0']

    options, command = cross_over('powernv9', there, [], [(f'{name}:{2 * i}', guests[name][0])
                                                          for i, name in enumerate(guests)])
    with open(path('output'), 'w+') as output:
        machine = subprocess.Popen([*options, '-w', memory, *command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT)
        atexit.register(machine.terminate)
        while not os.path.exists(memory) or os.path.getsize(memory) < int(end):
            if machine.poll() == SKIP:
                skip(open(output.name).read().strip())
            check(machine.poll() is None, open(output.name).read())
            time.sleep(0.1)
        beats, back = {}, {}
        for i, (name, (pattern, begin)) in enumerate(guests.items()):
            beats[name] = leave(begin(name), name, pattern, 'migrate', 'exec:exec ' + ' '.join(wormhole(2 * i)),
                                '--downtime-ms', '30000', '--timeout', '300')
            subprocess.run(wormhole(2 * i + 1, 'wait'), timeout=300 * PATIENCE, check=True)
            back[name] = come_back(name, pattern, beats[name], '--incoming', 'exec:exec ' + ' '.join(wormhole(2 * i + 1)))
        machine.wait(300 * PATIENCE)
        output.seek(0)
        text = output.read()
    print(re.sub(r'[^\r\n]*\r', '', text))
    for name, (pattern, begin) in guests.items():
        check(log_of(name, pattern, there, beats[name]) < back[name], f'{name} went back in time')
        for done in ('moved on', 'left'):
            check(f"{name}: {done} Linux's KVM" in text, f"no '{name}: {done} Linux's KVM'")
    check(machine.returncode == 0, f'cross-over: exit status {machine.returncode}')


os.mkdir(path(''))
power = os.path.join(BUILT, 'ppc64le')
check(tool(os.path.join(TOP, 'tools', 'cross-ppc64le'), power, seconds=400).returncode == 0, 'the build for ppc64le')
as_images()
alive()
