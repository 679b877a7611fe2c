#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a console meets in life: 20 KB pasted at once, a reader that goes away, a full disk, a reader that never reads."""
import hashlib
import os
import random
import select
import subprocess
import time

from papyrtest import (CMDLINE, PAPYR, PATIENCE, PROMPT, Qmp, check, debian, fail, fetch, make_initrd, papyr, until,
                       until_running, workdir)

PASTE = 20480
folder = workdir()
initrd = make_initrd(folder)
random.seed(1)


def lines(size):
    """Text as people paste it: lines that differ, @size bytes of them."""
    text = ''
    while len(text) < size:
        text += ''.join(random.choice('abcdefghijklmnopqrstuvwxyz 0123456789') for _ in range(71)) + '\n'
    return text[:size - 1] + '\n'


def md5(data):
    return hashlib.md5(data).hexdigest()


def run(name, **how):
    """papyr without a terminal."""
    return subprocess.Popen([PAPYR, 'run', '-k', fetch('kernel'), '-i', initrd, '-p', CMDLINE, '-m', '512M', '--name',
                             name], **how)


def type_all(guest, data):
    """Types more than the terminal takes at once, reading meanwhile as a terminal's user does."""
    os.set_blocking(guest.master, False)
    while data:
        guest.pump(0)
        if select.select([], [guest.master], [], 1)[1]:
            data = data[os.write(guest.master, data):]
    os.set_blocking(guest.master, True)


def ended(process, status, what):
    try:
        got = process.wait(60 * PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        fail(f'{what}: it hangs')
    check(got == status, f'{what}: exit status {got} instead of {status}')


# Pasted at a terminal, to a program that takes lines (its echo comes back meanwhile), and to one that takes bytes.
guest = debian(folder, more=['--name', 'paste'])
guest.expect(PROMPT, 60)
text = lines(PASTE).encode()
guest.type('cat >/tmp/lines\r')
guest.expect(r'lines\r*\n')
type_all(guest, text.replace(b'\n', b'\r') + b'\x04')
guest.expect(PROMPT, 60)
guest.type('md5sum </tmp/lines\r')
guest.expect(md5(text), 30)
# No Ctrl-A, which is ours; no NUL, which Linux drops behind CR; no Ctrl-O, which is its console's own SysRq.
raw = bytes(random.choice([b for b in range(2, 256) if b != 15]) for _ in range(PASTE))
guest.type('stty raw -echo; echo now; head -c %d >/tmp/raw; stty sane; echo done\r' % PASTE)
guest.expect('now\r?\n')
type_all(guest, raw)
guest.expect('done', 60)
guest.expect(PROMPT)
guest.type('md5sum </tmp/raw\r')
guest.expect(md5(raw), 30)
guest.type('poweroff -f\r')
guest.wait_for_status(0)

# The same from a pipe that was full before the guest could read.
script = b'stty -echo; cat >/tmp/lines; md5sum </tmp/lines\n' + text + b'\x04' + b'\npoweroff -f\n'
got = subprocess.run([PAPYR, 'run', '-k', fetch('kernel'), '-i', initrd, '-p', CMDLINE, '-m', '512M'], input=script,
                     stdout=subprocess.PIPE, timeout=120 * PATIENCE)
check(got.returncode == 0 and md5(text).encode() in got.stdout, f'lines from a pipe: {got.returncode} {got.stdout[-800:]}')

# A reader that goes away: the guest goes on, and the user is told how to reach it.
process = run('piped', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
process.stdout.read1(1)
process.stdout.close()
said = process.stderr.readline().decode()
check('console' in said and 'Broken pipe' in said and 'papyr stop piped' in said, f'a closed output: {said!r}')
check('running' in papyr('info', 'piped')[0].decode(), 'the guest stopped')
papyr('stop', 'piped')
ended(process, 0, 'with its output closed')
check(process.stderr.read() == b'', 'said more than once')

# ... of the built-in guest, which ends by itself.
process = subprocess.Popen(f'"{PAPYR}" run -m 64M 2>/dev/null | head -1', shell=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE)
process.stdout.read()
ended(process, 0, 'papyr run | head -1')

# A full disk: the same, and what comes when there is room again is written.
full = open('/dev/full', 'wb')
process = run('full', stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
said = process.stderr.readline().decode()
check('console' in said and 'No space left' in said, f'a full disk: {said!r}')
papyr('stop', 'full')
ended(process, 0, 'with its output full')

# A pipe that nobody reads: the guest waits with what it prints, all else goes on, and nothing is lost.
process = run('unread', stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
process.stdin.write(b'stty -echo; echo be""gin; seq 1 100000; echo en""d; poweroff -f\n')
process.stdin.flush()
text = b''
while b'begin' not in text:
    news = os.read(process.stdout.fileno(), 4096)
    check(news, f'it ended: {text[-500:]}')
    text += news
qmp = Qmp('unread')
qmp.ok('qmp_capabilities')


def exits():
    return sum(vcpu['exits'] for vcpu in qmp.ok('x-info')['vcpus'])


time.sleep(3)
check(qmp.ok('query-status')['status'] == 'running', 'the guest stopped')
qmp.ok('stop')
before = exits()
qmp.ok('cont')
until('the guest', lambda: exits() > before)
text += process.stdout.read()
check(process.wait(60 * PATIENCE) == 0, 'its end')
numbers = [line for line in text.replace(b'\r', b'').split(b'begin\n')[-1].split(b'\n') if line.isdigit()]
check(numbers == [b'%d' % i for i in range(1, 100001)], f'{len(numbers)} of 100000 lines came')

# ... and the user who gives up isn't held up by it.
process = run('unread', stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
process.stdin.write(b'yes\n')
process.stdin.flush()
until_running('unread')
time.sleep(5)
papyr('stop', 'unread')
ended(process, 0, 'with a full pipe')
