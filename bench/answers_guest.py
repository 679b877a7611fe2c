# SPDX-License-Identifier: Apache-2.0
"""The guests whose hash tables bench/answers looks at, and the table's stream as their control socket gives it."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

from benchlib import TOP

MEMORY = '2G'
CPUS = 2
CMDLINE = 'console=hvc0 disable_radix quiet'
BEGIN = 'the work begins'

COMPILE = '''
tar xf sources.tar
build() {
    while :; do
        for f in src/hpt/*.c storm.c; do
            gcc -std=gnu11 -D_GNU_SOURCE -O2 -Iinclude -Isrc -c -o $1.o $f || exit
            echo "compiled $f"
        done
        gcc -o $1 $1.o || exit
        echo "linked storm"
    done
}
build a & build b & wait
'''

WORK = {
    'idle': 'sleep 100000\n',
    'storm': './storm 3\n',
    'compile': COMPILE,
}


def tool(*command):
    got = subprocess.run([os.path.join(TOP, 'tools', command[0]), *command[1:]], stdout=subprocess.PIPE, text=True)
    if got.returncode:
        sys.exit(f'{command[0]} failed')
    return got.stdout.strip()


def cross_compile(out, source):
    cc = shutil.which('powerpc64le-linux-gnu-gcc') or sys.exit('no powerpc64le-linux-gnu-gcc: tools/need bench')
    subprocess.run([cc, '-std=gnu11', '-D_GNU_SOURCE', '-O2', '-static', '-mcpu=power8', '-o', out, source], check=True)


def make_initrd(folder, work):
    """An initrd whose guest does the work and nothing else."""
    path = os.path.join(folder, 'autorun')
    storm = os.path.join(TOP, 'tests', 'guest', 'storm.c')
    files, initrd = [path], os.path.join(folder, 'initrd')
    with open(path, 'w') as f:
        f.write(f'#!/bin/sh\necho {BEGIN}\n{WORK[work]}')
    os.chmod(path, 0o755)
    if work == 'storm':
        files.append(os.path.join(folder, 'storm'))
        cross_compile(files[-1], storm)
    if work == 'compile':
        files.append(os.path.join(folder, 'sources.tar'))
        with tarfile.open(files[-1], 'w') as tar:
            for name in ('include', 'src/base', 'src/hpt'):
                tar.add(os.path.join(TOP, name), name)
            tar.add(storm, 'storm.c')
    tool('make-initrd', tool('fetch-guest', 'busybox'), initrd, *files)
    if work == 'compile':
        compiler = tool('fetch-compiler')
        with open(initrd, 'rb') as base, open(compiler, 'rb') as first, open(initrd + '.both', 'wb') as both:
            shutil.copyfileobj(first, both)
            both.write(bytes(-both.tell() % 512))
            shutil.copyfileobj(base, both)
        initrd += '.both'
    return initrd


class Guest:
    """A running guest at its work, and a client of its control socket."""

    def __init__(self, papyr, work, htab_order=None, settle=5, prefix=(), name=None):
        self.folder = tempfile.mkdtemp(prefix='answers')
        self.name = name or work
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder)
        self.console = os.path.join(self.folder, 'console')
        command = [*prefix, papyr, 'run', '-k', tool('fetch-guest', 'kernel'), '-i',
                   make_initrd(self.folder, work), '-p', CMDLINE, '-m', MEMORY, '-c', str(CPUS), '--name',
                   self.name]
        if htab_order:
            command += ['--htab-order', str(htab_order)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=open(self.console, 'wb'),
                                        stderr=subprocess.STDOUT, env=self.environment)
        self.wait_for(BEGIN, 120)
        time.sleep(settle)
        self.socket = os.path.join(self.folder, 'papyr', self.name + '.sock')
        self.qmp = Qmp(self.socket)

    def text(self):
        with open(self.console, errors='replace') as f:
            return f.read()

    def wait_for(self, words, seconds):
        end = time.monotonic() + seconds
        while words not in self.text():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                sys.exit(f'the guest did not say "{words}":\n{self.text()[-2000:]}')
            time.sleep(0.1)

    def check(self):
        """The work must still go on."""
        text = self.text()
        if self.process.poll() is not None or 'CORRUPT' in text or 'rror' in text:
            sys.exit(f'something went wrong in the guest:\n{text[-2000:]}')

    def end(self):
        self.qmp.close()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Qmp:
    """Each connection has its own record of what of the table it was told."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(path)
        self.lines = self.socket.makefile('r')
        self.lines.readline()
        self.execute('qmp_capabilities')

    def execute(self, command, fd=None, **arguments):
        text = json.dumps({'execute': command, 'arguments': arguments}).encode() + b'\n'
        if fd is None:
            self.socket.sendall(text)
        else:
            socket.send_fds(self.socket, [text], [fd])
        while True:
            line = self.lines.readline()
            answer = json.loads(line) if line else sys.exit('the control socket was closed')
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")

    def htab_to(self, fd, follow):
        """One pass to a descriptor: the whole table, or (follow) the first time that and then what changed."""
        self.execute('getfd', fd, fdname='htab')
        self.execute('x-htab', fdname='htab', follow=follow)

    def htab(self, follow=True):
        """One pass, as bytes."""
        fd = os.memfd_create('htab')
        try:
            self.htab_to(fd, follow)
            size = os.fstat(fd).st_size
            return os.pread(fd, size, 0) if size else b''
        finally:
            os.close(fd)

    def close(self):
        self.socket.close()


HEADER = struct.Struct('=IHH')
RUN_MAX = 65535


def records(stream):
    at = 0
    while at < len(stream):
        index, n_valid, n_invalid = HEADER.unpack_from(stream, at)
        yield index, n_valid, n_invalid
        at += HEADER.size + 16 * n_valid
    assert at == len(stream)


def count(stream):
    """What a stream holds: records, entries valid and invalid, and bytes in each way of writing it down."""
    n_records = valid = invalid = 0
    for _, n_valid, n_invalid in records(stream):
        n_records += 1
        valid += n_valid
        invalid += n_invalid
    return measure(n_records, valid, invalid)


def measure(n_records, valid, invalid):
    return {'records': n_records, 'valid': valid, 'invalid': invalid, 'entries': valid + invalid,
            'bytes': HEADER.size * n_records + 16 * valid,
            # An index of 8 bytes in every entry: empty ones are told as an entry of zeros,
            'index': 24 * (valid + invalid),
            # or as the index alone, with a bit that says so.
            'index_short': 24 * valid + 8 * invalid}


def entries_told(stream):
    """Each entry that the stream tells of, and whether it is valid."""
    told = {}
    for index, n_valid, n_invalid in records(stream):
        for i in range(n_valid):
            told[index + i] = True
        for i in range(n_valid, n_valid + n_invalid):
            told[index + i] = False
    return told


def count_entries(told):
    """The same as count(), of the stream that would tell of these entries."""
    n_records, last, run = 0, -2, 0
    for index in sorted(told):
        # Valid ones first, then invalid ones, none left out, and no run too long: else another record.
        if index != last + 1 or (told[index] and not told[last]) or run == RUN_MAX:
            n_records += 1
            run = 0
        elif told[index] != told[last]:
            run = 0
        last, run = index, run + 1
    valid = sum(told.values())
    return measure(n_records, valid, len(told) - valid)
