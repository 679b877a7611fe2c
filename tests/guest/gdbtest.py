# SPDX-License-Identifier: Apache-2.0
"""gdb with a guest: commands go in, what it says comes out."""
import os
import re
import select
import shutil
import signal
import subprocess
import time

from papyrtest import PATIENCE, check, fail, fetch, running, skip

PROGRAM = 'gdb-multiarch'
READY = '(gdb) '


def need_gdb():
    if not shutil.which(PROGRAM):
        skip(f'there is no {PROGRAM}')


def symbols(*names):
    """Addresses of the kernel's, as its System.map has them."""
    text = subprocess.run(['nm', fetch('kernel')], capture_output=True, text=True, check=True).stdout
    found = {}
    for name in names:
        match = re.search(rf'^([0-9a-f]{{16}}) \w {name}$', text, re.M)
        check(match, f'the kernel has no {name}')
        found[name] = int(match.group(1), 16)
    return found


class Gdb:
    def __init__(self, where, *more):
        self.text = ''
        self.process = subprocess.Popen(
            [PROGRAM, '-nx', '-q', '-ex', 'set pagination off', '-ex', 'set confirm off', '-ex', 'set width 0',
             '-ex', 'set remotetimeout 60', *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        running.append(self)
        self.until_ready(30)
        said = self.do(f'target remote {where}', 60)
        check('0x' in said, f'gdb did not connect: {said}')

    def until_ready(self, seconds):
        """What it said until it asks for the next command."""
        end = time.monotonic() + seconds * PATIENCE
        while not self.text.endswith(READY):
            left = end - time.monotonic()
            if left < 0:
                fail(f'gdb is not ready: {self.text[-2000:]}')
            ready, _, _ = select.select([self.process.stdout], [], [], min(left, 1))
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b''
            if ready and not data:
                fail(f'gdb ended: {self.text[-2000:]}')
            self.text += data.decode(errors='replace')
        said, self.text = self.text[:-len(READY)], ''
        return said.strip()

    def begin(self, command):
        print(f'(gdb) {command}', flush=True)
        self.process.stdin.write((command + '\n').encode())
        self.process.stdin.flush()

    def peek(self):
        """What it has said so far of the present command."""
        while select.select([self.process.stdout], [], [], 0)[0]:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                break
            self.text += data.decode(errors='replace')
        return self.text

    def do(self, command, seconds=60):
        self.begin(command)
        said = self.until_ready(seconds)
        print(said, flush=True)
        return said

    def expect(self, command, pattern, seconds=60):
        said = self.do(command, seconds)
        found = re.search(pattern, said, re.S)
        check(found, f'{command}: {said!r}, without {pattern!r}')
        return found

    def value(self, expression):
        return int(self.expect(f'output/x {expression}', r'0x([0-9a-f]+)').group(1), 16)

    def interrupt(self, seconds=30):
        """Ctrl-C; what it then says."""
        self.process.send_signal(signal.SIGINT)
        return self.until_ready(seconds)

    def quit(self):
        """As a user does who has seen enough: detaches."""
        self.begin('quit')
        try:
            self.process.wait(30 * PATIENCE)
        except subprocess.TimeoutExpired:
            fail('gdb did not end')
        running.remove(self)

    def kill(self):
        self.process.kill()
        self.process.wait()
