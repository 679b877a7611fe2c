# SPDX-License-Identifier: Apache-2.0
"""What the tests through real guests share: papyr behind a terminal, waiting for what it prints, Debian's guest.

Environment, set by meson.build: PAPYR (the command), PAPYR_TOP (the sources), PAPYR_BUILT (this folder's build).
PAPYR_PATIENCE multiplies all time limits (1; builds with sanitizers want more).
"""
import atexit
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

PAPYR = os.environ['PAPYR']
TOP = os.environ['PAPYR_TOP']
BUILT = os.environ['PAPYR_BUILT']
PATIENCE = float(os.environ.get('PAPYR_PATIENCE', '1'))
SKIP = 77  # meson's word for it
PROMPT = r'papyr:\S* ?# '
# From init on the kernel shows errors only: a warning ("hrtimer: interrupt took ...", where the host is busy) would come
# amid a line that a test waits for.
CMDLINE = 'console=hvc0 disable_radix sysctl.kernel.printk=4'

running = []


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIP)


def fail(why):
    print(f'FAILED: {why}')
    sys.exit(1)


def check(good, why):
    if not good:
        fail(why)


def until(what, good, seconds=30):
    """Looks until @good() is true, and returns what it is; fails when that doesn't come."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        found = good()
        if found:
            return found
        if time.monotonic() > end:
            fail(f'{what} did not come in {seconds * PATIENCE:.0f} s')
        time.sleep(0.02)


# System calls that the fence refuses in this test, as it has to.
may_be_refused = set()


def clean_up(folder):
    """The folder goes; and papyr's fence has refused nothing that papyr itself wanted."""
    try:
        with open(os.path.join(folder, 'fence')) as f:
            refused = sorted({line for line in f if line.split()[0] not in may_be_refused})
    except FileNotFoundError:
        refused = []
    shutil.rmtree(folder, ignore_errors=True)
    if refused:
        print('FAILED: refused by the fence (src/sandbox/calls.c): ' + ''.join(refused), flush=True)
        end_all()
        os._exit(1)


def workdir():
    """A folder of this test's own, where its guests' sockets are too; short, for their sake."""
    folder = tempfile.mkdtemp(prefix='papyrtest')
    atexit.register(clean_up, folder)
    os.environ['XDG_RUNTIME_DIR'] = folder
    # Where it can be said: of other processors the fence keeps no list.
    if os.uname().machine in ('x86_64', 'aarch64'):
        os.environ['PAPYR_FENCE_LOG'] = os.path.join(folder, 'fence')
    return folder


def end_all():
    for guest in running:
        guest.kill()


atexit.register(end_all)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def guests():
    """The names of those that take orders."""
    listed = subprocess.run([PAPYR, 'list', '--json'], stdout=subprocess.PIPE, timeout=20).stdout
    return [guest['name'] for guest in json.loads(listed)]


def until_running(name):
    """Waits for a guest that was started to take orders: until then the other verbs don't know it."""
    until(f'the guest {name}', lambda: name in guests())


def show_guests():
    """What the guests that are there do: a test's fault that comes once in fifty runs can't be asked later."""
    try:
        for name in guests():
            for asked in (['info', name], ['profile', name, '-d', '1', '-n', '10']):
                print('$ papyr ' + ' '.join(asked), flush=True)
                subprocess.run([PAPYR, *asked], stderr=subprocess.STDOUT, timeout=20)
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as e:
        print(f'the guests were asked in vain: {e}')


class Guest:
    """papyr, or a peer, with a terminal of its own. What it writes is kept in .text, from .seen on it is news."""

    def __init__(self, args, prefix=(), env=None, controlling=True, program=PAPYR):
        self.args = [*prefix, program] + args
        self.text = ''
        self.seen = 0
        self.status = None
        self.master, slave = pty.openpty()
        print('$ ' + ' '.join(self.args), flush=True)
        self.process = subprocess.Popen(self.args, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        env={**os.environ, **(env or {})},
                                        preexec_fn=lambda: controlling and fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        running.append(self)

    def pump(self, seconds):
        """Takes what comes within some time; False at the end."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            data = b''
        self.text += data.decode(errors='replace')
        return bool(data)

    def expect(self, pattern, seconds=60, never=None):
        """Waits for the pattern and returns its match; fails when it doesn't come, or @never does."""
        end = time.monotonic() + seconds * PATIENCE
        alive = True
        while True:
            news = self.text[self.seen:]
            bad = never and re.search(never, news)
            if bad:
                self.give_up(f'there is {bad.group(0)!r}')
            found = re.search(pattern, news)
            if found:
                self.seen += found.end()
                return found
            if not alive:
                self.give_up(f'it ended before {pattern!r} came')
            left = end - time.monotonic()
            if left <= 0:
                self.give_up(f'{pattern!r} did not come in {seconds * PATIENCE:.0f} s')
            alive = self.pump(min(left, 1))

    def give_up(self, why):
        print(self.text[-4000:])
        show_guests()
        fail(why)

    def type(self, text):
        os.write(self.master, text.encode())

    def command(self, line, seconds=30):
        """Has the shell run a line; returns what it printed."""
        self.type(line + '\r')
        self.expect(re.escape(line.split('\n')[0]) + r'\s*\r*\n', seconds)
        start = self.seen
        found = self.expect(PROMPT, seconds)
        return self.text[start:self.seen - len(found.group(0))].replace('\r', '').strip()

    def wait(self, seconds=30):
        """Waits for the end and returns the exit status."""
        end = time.monotonic() + seconds * PATIENCE
        while self.pump(0.2):
            if time.monotonic() > end:
                self.give_up(f'it did not end in {seconds * PATIENCE:.0f} s')
        try:
            self.status = self.process.wait(max(end - time.monotonic(), 5))
        except subprocess.TimeoutExpired:
            self.give_up('its terminal is closed, but it did not end')
        running.remove(self)
        os.close(self.master)
        return self.status

    def wait_for_status(self, status, seconds=30):
        got = self.wait(seconds)
        if got != status:
            self.give_up(f'exit status {got} instead of {status}')

    def kill(self):
        self.process.kill()
        self.process.wait()


def papyr(*args, status=0, seconds=120):
    """Runs one of papyr's other verbs to its end; returns its output and what it said on stderr. status=None: any."""
    print('$ ' + ' '.join([PAPYR, *args]), flush=True)
    try:
        got = subprocess.run([PAPYR, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=seconds * PATIENCE)
    except subprocess.TimeoutExpired:
        fail(f'papyr {args[0]} did not end in {seconds * PATIENCE:.0f} s')
    err = got.stderr.decode(errors='replace')
    if status is not None and got.returncode != status:
        fail(f'papyr {args[0]}: exit status {got.returncode} instead of {status}: {err}')
    return got.stdout, err


def forgive_fonts(folder):
    """fontconfig, which draws the letters of pictures, keeps what it has until the end: no leak of ours."""
    path = os.path.join(folder, 'lsan')
    with open(path, 'w') as f:
        f.write('leak:libfontconfig\nleak:libcairo\n')
    os.environ['LSAN_OPTIONS'] = f'suppressions={path}:print_suppressions=0'


# ---- Debian ----

def fetch(what):
    got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-guest'), what], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("Debian's guest can't be had: " + got.stderr.strip())
    return got.stdout.strip()


def make_initrd(folder, *files):
    """busybox and the files; one called autorun is run instead of the shell."""
    initrd = os.path.join(folder, 'initrd')
    got = subprocess.run([os.path.join(TOP, 'tools', 'make-initrd'), fetch('busybox'), initrd, *files],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check(got.returncode == 0, got.stdout)
    return initrd


def autorun(folder, script):
    path = os.path.join(folder, 'autorun')
    with open(path, 'w') as f:
        f.write('#!/bin/sh\n' + script + '\n')
    os.chmod(path, 0o755)
    return path


def built(name):
    path = os.path.join(BUILT, name)
    if not os.path.exists(path):
        skip(f'{name} was not built: no compiler for it')
    return path


def debian(folder, cpus='1', memory='512M', files=(), append='', more=(), controlling=True, env=None):
    return Guest(['run', '-k', fetch('kernel'), '-i', make_initrd(folder, *files), '-p',
                  f'{CMDLINE} {append}'.strip(), '-m', memory, '-c', cpus, *more], controlling=controlling, env=env)


# ---- The control socket ----

class Qmp:
    """A plain client of the protocol, that knows nothing of papyr."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30 * PATIENCE)
        self.socket.connect(os.path.join(os.environ['XDG_RUNTIME_DIR'], 'papyr', name + '.sock'))
        self.lines = self.socket.makefile('r')
        self.events = []
        self.told = {}  # what came last with an event of each name
        self.greeting = self.receive()

    def receive(self):
        line = self.lines.readline()
        check(line, 'the control socket was closed')
        return json.loads(line)

    def note(self, event):
        self.events.append(event['event'])
        self.told[event['event']] = event.get('data')

    def raw(self, text):
        """Sends any text and returns the next answer that is no event."""
        self.socket.sendall(text.encode())
        while True:
            answer = self.receive()
            if 'event' not in answer:
                return answer
            self.note(answer)

    def execute(self, command, **arguments):
        request = {'execute': command}
        if arguments:
            request['arguments'] = arguments
        return self.raw(json.dumps(request) + '\n')

    def ok(self, command, **arguments):
        answer = self.execute(command, **arguments)
        if 'return' not in answer:
            fail(f'{command}: {answer}')
        return answer['return']

    def wait_event(self, name):
        """Waits for an event that hasn't been waited for; returns what came with it."""
        while name not in self.events:
            answer = self.receive()
            if 'event' in answer:
                self.note(answer)
        self.events.remove(name)
        return self.told[name]
