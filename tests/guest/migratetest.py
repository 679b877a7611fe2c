# SPDX-License-Identifier: Apache-2.0
"""What the tests of live migration share: a guest in a storm that watches its clock, two hosts with a link
between them, both ends of a migration."""
import atexit
import json
import os
import re
import statistics
import subprocess
import time

from papyrtest import (CMDLINE, PAPYR, PATIENCE, Guest, Qmp, autorun, built, check, fail, fetch, make_initrd, running, skip,
                       until_running)

BEAT = r'storm (\d+): (\d+) forks, (\d+) execs, (\d+) maps, (\d+) checks, (\d+) register checks\r?\n'
GAP = r'gap (\d+) us(.*)\n'
TICKS_PER_US = 512
NAP_US = 500
BAD = r"CORRUPT.*|Kernel panic.*|Oops.*|storm can't go on.*|segfault.*|Unable to handle.*|BUG:.*"


class Link:
    """Two network name spaces with a wire of 1 Gbit/s between them."""

    def __init__(self, rate='1gbit'):
        self.names = [f'papyr{os.getpid()}{side}' for side in 'ab']
        atexit.register(self.remove)
        for name in self.names:
            self.ip('netns', 'add', name)
        self.ip('link', 'add', 'papyr0', 'netns', self.names[0], 'type', 'veth', 'peer', 'papyr0', 'netns',
                self.names[1])
        for n, name in enumerate(self.names):
            self.ip('-n', name, 'addr', 'add', f'10.93.0.{n + 1}/24', 'dev', 'papyr0')
            self.ip('-n', name, 'link', 'set', 'papyr0', 'up')
            self.ip('-n', name, 'link', 'set', 'lo', 'up')
            self.run('ip', 'netns', 'exec', name, 'tc', 'qdisc', 'add', 'dev', 'papyr0', 'root', 'tbf', 'rate', rate,
                     'burst', '256k', 'latency', '20ms')

    @staticmethod
    def run(*args):
        got = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if got.returncode:
            skip(f"network name spaces can't be had ({' '.join(args)}: {got.stdout.strip()})")

    def ip(self, *args):
        self.run('ip', *args)

    def prefix(self, n):
        return ('ip', 'netns', 'exec', self.names[n % 2])

    def uri(self, n):
        return f'tcp:10.93.0.{n % 2 + 1}:9300'

    def remove(self):
        for name in self.names:
            subprocess.run(['ip', 'netns', 'del', name], stderr=subprocess.DEVNULL)


class Local:
    """Both ends on this host, over a socket in the file system."""

    def __init__(self, folder):
        self.folder = folder

    def prefix(self, n):
        return ()

    def uri(self, n):
        return f'unix:{self.folder}/migrate{n}'


def storm_guest(folder, name, prefix=(), env=None, memory='256M', workers=2, files=(), first='', more=()):
    """@first: what it does before its storm, with @files and with devices by @more."""
    script = autorun(folder, f'{first}\n/root/gap &\nexec /root/storm {workers}')
    initrd = make_initrd(folder, script, built('storm'), built('gap'), *files)
    return Guest(['run', '-k', fetch('kernel'), '-i', initrd, '-p', CMDLINE, '-m', memory, '-c', '2', '--name', name,
                  *more], prefix, env)


def beats(guest, n, seconds=60):
    for _ in range(n):
        found = guest.expect(BEAT, seconds, never=BAD)
    return [int(x) for x in found.groups()]


def wait_socket(name, seconds=20):
    """The guest's control socket, as soon as there is one."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        try:
            return Qmp(name)
        except OSError:
            if time.monotonic() > end:
                fail(f'{name} has no control socket')
            time.sleep(0.05)


def status(name):
    """'running', ...; None: there is no such process any more."""
    try:
        qmp = Qmp(name)
        qmp.execute('qmp_capabilities')
        return qmp.ok('query-status')['status']
    except (OSError, ValueError, SystemExit):
        return None


def wait_listening(uri, prefix=()):
    """Until somebody listens, without connecting."""
    end = time.monotonic() + 20 * PATIENCE
    while time.monotonic() < end:
        if uri.startswith('unix:'):
            # Its flags say that it listens: there is a moment between the name and that.
            got = subprocess.run([*prefix, 'cat', '/proc/net/unix'], stdout=subprocess.PIPE, text=True)
            if any(words[3] == '00010000' and words[-1] == uri[5:] for words in map(str.split, got.stdout.splitlines())):
                return
        else:
            got = subprocess.run([*prefix, 'ss', '-ltn'], stdout=subprocess.PIPE, text=True)
            if ':' + uri.rsplit(':', 1)[1] + ' ' in got.stdout:
                return
        time.sleep(0.05)
    fail(f'nobody listens at {uri}')


def migrate(name, uri, *options, prefix=(), seconds=120):
    """Runs 'papyr migrate'; returns its exit status, its JSON (or None) and what it said."""
    if any(name in guest.args for guest in running):
        until_running(name)
    args = [*prefix, PAPYR, 'migrate', name, uri, '--json', *options]
    print('$ ' + ' '.join(args), flush=True)
    begin = time.monotonic()
    try:
        got = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=seconds * PATIENCE)
    except subprocess.TimeoutExpired:
        fail(f'papyr migrate did not end in {seconds * PATIENCE:.0f} s')
    try:
        value = json.loads(got.stdout)
    except ValueError:
        value = None
    print(f'  {time.monotonic() - begin:.1f} s, status {got.returncode} {got.stderr.strip()}', flush=True)
    return got.returncode, value, got.stderr


def gap_at(new, timebase):
    """How long a program in the guest did not run, by the guest's own clock, when it stood still, in ms."""
    line = re.search(GAP, new.text)
    check(line, 'the guest does not watch its clock')
    for end, us in re.findall(r'(\d+):(\d+)', line[2]):
        if int(end) - (int(us) + NAP_US) * TICKS_PER_US <= timebase <= int(end):
            return int(us) / 1000
    # What is shorter isn't told.
    return NAP_US / 1000


def usual_gap(guest):
    """The longest that it does not run anyway while nothing happens, in ms; one each quarter of a second."""
    lines = [int(x) / 1000 for x, _ in re.findall(GAP, guest.text)[1:]]
    return statistics.median(lines) if lines else float('nan')
