# SPDX-License-Identifier: Apache-2.0
"""What a migration's stream costs both ends, and how fast it is: guests whose memory is full of random numbers, over a
link without a limit and one with, in plain and by TLS; beside it the same bytes through plain sockets."""
import json
import mmap
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import answers_link as link
from answers_guest import CMDLINE, tool
from benchlib import built, median

MIB = 2048
MEMORY = '3G'
PIECE = 1 << 20
RATES = (None, '10gbit')
# Random bits in each number of 64.
INCOMPRESSIBLE, NUMBERS = 64, 12
# What of perf's symbols belongs to which work.
KINDS = (('hash', 'XXH|xxhash'), ('compress', 'zstd'), ('zero', 'page_is_zero|source_send_memory'),
         ('cipher', 'gnutls|nettle'), ('copy', 'libc.so|send_chunk|put_page'))


def prefix(n):
    return ('ip', 'netns', 'exec', link.NAMES[n % 2])


def wait_listening(n, uri):
    """Until somebody does at that end, without connecting."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        got = subprocess.run([*prefix(n), 'ss', '-ltn'], stdout=subprocess.PIPE, text=True)
        if ':' + uri.rsplit(':', 1)[1] + ' ' in got.stdout:
            return
        time.sleep(0.05)
    sys.exit(f'nobody listens at {uri}')


def cpu_ns(pid):
    """What each thread of a migration has used of the processor: [all, in the kernel]; None: there is none."""
    for task in os.listdir(f'/proc/{pid}/task'):
        folder = f'/proc/{pid}/task/{task}/'
        with open(folder + 'comm') as f:
            if f.read().strip() != 'migration':
                continue
        with open(folder + 'stat') as f:
            user, system = map(int, f.read().rsplit(')', 1)[1].split()[11:13])
        with open(folder + 'schedstat') as f:
            ns = int(f.read().split()[0])
        return [ns, ns * system / max(1, user + system)]
    return None


class Watch(threading.Thread):
    """The last that was seen of a thread that ends."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.last = pid, [0, 0]
        self.start()

    def run(self):
        try:
            while True:
                self.last = cpu_ns(self.pid) or self.last
                time.sleep(0.01)
        except OSError:
            pass


class Perf:
    """Samples all of the machine until it is told to stop."""

    def __init__(self, folder):
        self.path, self.process = os.path.join(folder, 'perf'), None
        if shutil.which('perf'):
            # A process's threads that come later are left out if it alone is asked for.
            self.process = subprocess.Popen(['perf', 'record', '-q', '-a', '-F', '4000', '-o', self.path],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
            time.sleep(0.5)

    def end(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()

    def shares(self, pid):
        """Of each kind of work, of a process's thread that migrates; {} without perf."""
        if not self.process:
            return {}
        got = subprocess.run(['perf', 'report', '-i', self.path, '--comm', 'migration', '--pid', str(pid), '-s',
                              'dso,symbol', '-F', 'overhead,dso,symbol', '--stdio', '-t', ';', '-q'],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        shares = {}
        for line in got.stdout.splitlines():
            part = [x.strip() for x in line.split(';')]
            if len(part) < 3 or not part[0].endswith('%'):
                continue
            kind = 'kernel' if '[k]' in part[2] else next((k for k, p in KINDS if re.search(p, part[1] + part[2])), 'rest')
            shares[kind] = shares.get(kind, 0) + float(part[0][:-1])
        total = sum(shares.values())
        return {kind: share / total for kind, share in shares.items()} if total else {}


class FullGuest:
    """A guest with much memory in use, that sleeps; it is moved to and fro."""

    def __init__(self, args, bits):
        self.papyr, self.n = args.papyr, 0
        self.folder = tempfile.mkdtemp(prefix='answers')
        self.console = os.path.join(self.folder, 'console')
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder)
        script = os.path.join(self.folder, 'autorun')
        with open(script, 'w') as f:
            f.write(f'#!/bin/sh\nexec ./fill.ppc64le {MIB} {bits}\n')
        os.chmod(script, 0o755)
        initrd = os.path.join(self.folder, 'initrd')
        tool('make-initrd', tool('fetch-guest', 'busybox'), initrd, script, built(args, 'fill.ppc64le'))
        with open(os.path.join(self.folder, 'key'), 'w') as f:
            f.write('bench:' + os.urandom(32).hex() + '\n')
        self.process = self.start('-k', tool('fetch-guest', 'kernel'), '-i', initrd, '-p', CMDLINE, at=prefix(0))
        end = time.monotonic() + 300
        while f'filled {MIB} MiB' not in open(self.console, errors='replace').read():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit('the guest did not fill its memory')
            time.sleep(0.2)

    def start(self, *what, at=()):
        console = open(self.console, 'ab')
        return subprocess.Popen([*at, self.papyr, 'run', '--name', f'full{self.n}', '-m', MEMORY, '-c', '1', *what],
                                stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=self.environment)

    def move(self, tls=False, options=(), folder=None):
        """To the link's other end; figures. With a folder: perf's, which works there."""
        name, source = f'full{self.n}', self.process
        self.n += 1
        uri = f'tcp:{link.IPS[self.n % 2]}:{4900 + self.n}'
        key = ['--tls-psk', os.path.join(self.folder, 'key')] if tls else []
        self.process = self.start('--incoming', uri, *key, at=prefix(self.n))
        wait_listening(self.n, uri)
        watch = [Watch(source.pid), Watch(self.process.pid)]
        perf = Perf(folder) if folder else None
        got = subprocess.run([*prefix(self.n - 1), self.papyr, 'migrate', name, uri, '--json', *key, *options],
                             stdout=subprocess.PIPE, env=self.environment)
        if got.returncode:
            sys.exit('papyr migrate failed')
        time.sleep(0.1)
        source.wait(20)
        if folder:
            perf.end()
            return [perf.shares(pid) for pid in (source.pid, self.process.pid)]
        answer = json.loads(got.stdout)
        return figures(MIB << 20, answer['total-time'] * 1e6, watch[0].last, watch[1].last)

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def figures(size, ns, near, far):
    """@near, @far: ns of processor time, and those of it in the kernel. In MB/s, and s a GB."""
    row = {'rate': size * 1e3 / ns}
    for name, (used, kernel) in (('near', near), ('far', far)):
        row[name + '_user'], row[name + '_kernel'] = (used - kernel) / size, kernel / size
    return row


# ---- A plain socket ----

def thread_ns():
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return [(used.ru_utime + used.ru_stime) * 1e9, used.ru_stime * 1e9]


def take(connection):
    """As a destination does it: into memory that was never touched."""
    with connection:
        n, at, before = struct.unpack('>Q', connection.recv(8, socket.MSG_WAITALL))[0], 0, thread_ns()
        memory = memoryview(mmap.mmap(-1, n, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        while at < n:
            got = connection.recv_into(memory[at:at + PIECE])
            if not got:
                return
            at += got
        connection.sendall(json.dumps([b - a for a, b in zip(before, thread_ns())]).encode())


def far_end():
    """The program at the far end."""
    listener = socket.create_server((link.FAR_IP, link.PORT))
    print('ready', flush=True)
    while True:
        # A process each: threads of Python take turns.
        connection = listener.accept()[0]
        if not os.fork():
            take(connection)
            os._exit(0)
        connection.close()


def give(memory, out):
    s = socket.create_connection((link.FAR_IP, link.PORT))
    before = thread_ns()
    s.sendall(struct.pack('>Q', len(memory)))
    for at in range(0, len(memory), 1 << 17):
        s.sendall(memory[at:at + (1 << 17)])
    near = [b - a for a, b in zip(before, thread_ns())]
    os.write(out, json.dumps([near, json.loads(s.recv(1000))]).encode() + b'\n')


def plain(memory, streams):
    """So many connections at once, each with its part."""
    share = len(memory) // streams
    begin, (end, out) = time.monotonic_ns(), os.pipe()
    for i in range(streams):
        if not os.fork():
            give(memory[i * share:(i + 1) * share], out)
            os._exit(0)
    with os.fdopen(end) as lines:
        got = [json.loads(lines.readline()) for _ in range(streams)]
    ns = time.monotonic_ns() - begin
    os.close(out)
    for _ in range(streams):
        os.wait()
    near, far = ([sum(row[side][k] for row in got) for k in (0, 1)] for side in (0, 1))
    return figures(share * streams, ns, near, far)


def random_memory():
    """As much as the guest has."""
    memory = mmap.mmap(-1, MIB << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for _ in range(MIB // 16):
        memory.write(os.urandom(16 << 20))
    return memoryview(memory)


# ---- ----

def near_streams(args):
    """In the near end's namespace."""
    rounds = min(args.rounds, 5)
    far = link.Far(os.path.abspath(sys.argv[0]), '--far-copy')
    result = {'rows': {}}
    memory = random_memory()
    for rate in RATES:
        link.set_rate(rate)
        for streams in (1, 2):
            name = f'{rate or "veth"} plain{streams}'
            result['rows'][name] = middle([plain(memory, streams) for _ in range(rounds)])
        print(f'streams: plain, {rate} done', file=sys.stderr)
    memory.release()
    far.end()
    for bits, kinds in ((INCOMPRESSIBLE, {'papyr': {}, 'tls': {'tls': True}}),
                        (NUMBERS, {'zstd': {}, 'raw': {'options': ['--no-compress']}})):
        guest = FullGuest(args, bits)
        for rate in RATES:
            link.set_rate(rate)
            for kind, how in kinds.items():
                result['rows'][f'{rate or "veth"} {kind}'] = middle([guest.move(**how) for _ in range(rounds)])
            print(f'streams: {bits} bits, {rate} done', file=sys.stderr)
        if bits == INCOMPRESSIBLE:
            result['perf'] = profile(guest)
        guest.end()
    return result


def profile(guest):
    link.set_rate(None)
    with tempfile.TemporaryDirectory() as folder:
        return {'papyr': guest.move(folder=folder), 'tls': guest.move(tls=True, folder=folder)}


def middle(samples):
    row = {key: median([s[key] for s in samples]) for key in samples[0]}
    row['low'], row['high'] = min(s['rate'] for s in samples), max(s['rate'] for s in samples)
    return row
