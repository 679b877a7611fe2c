#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What papyr tells of a small guest: the right calls with the right answers, to whoever wants them and reads them.

    test_trace.py [PRELOAD PROGRAM]

PROGRAM: a KVM client that runs with the library PRELOAD.
"""
import collections
import os
import re
import subprocess
import sys

from papyrtest import PAPYR, PATIENCE, Guest, check, papyr, workdir

LINE = re.compile(r'\d+\.\d{9} (vcpu \d+ (hcall|irq|trap|exit|rtas|mmu|sample) .+|trace \d+ lines? lost)')
ROUNDS = ['run', '-m', '256M', '-p', 'rounds=1']
PAGES = 256  # that the built-in guest enters, reads, protects and removes in a round, on each vcpu


def lines_of(text):
    lines = text.splitlines()
    for line in lines:
        check(LINE.fullmatch(line), f'not a line of a trace: {line!r}')
    return lines


def event(line):
    return line.split()[3]


def traced(folder, events, *more):
    """The built-in guest with a trace into a file; its lines."""
    path = os.path.join(folder, 'trace')
    guest = Guest([*ROUNDS, *more, '--trace', f'{events}:{path}'])
    guest.expect(r'\d+ checks, 0 failed')
    guest.wait_for_status(0)
    with open(path, encoding='ascii') as file:
        text = file.read()
    os.unlink(path)
    return lines_of(text)


def count(lines, pattern):
    return sum(1 for line in lines if re.search(pattern, line))


folder = workdir()

# Hypercalls by name, with what they answered, of two vcpus.
lines = traced(folder, 'hcall', '-c', '2')
for name in ('H_ENTER', 'H_READ', 'H_PROTECT', 'H_REMOVE'):
    for vcpu in ('0', '8'):
        n = count(lines, rf' vcpu {vcpu} hcall {name}\(.*\) = H_SUCCESS')
        check(n >= PAGES, f'{n} times {name} on vcpu {vcpu}')
check(count(lines, r'H_PUT_TERM_CHAR\(0x71000000, .*\) = H_(SUCCESS|BUSY)$'), 'no H_PUT_TERM_CHAR')
check(count(lines, r'H_READ\(0x0, 0x[0-9a-f]+\) = H_SUCCESS 0x[0-9a-f]+, 0x[0-9a-f]+$') >= 2 * PAGES, 'H_READ is odd')
check(all(event(line) == 'hcall' for line in lines), 'there is more than was asked for')
seconds = [float(line.split()[0]) for line in lines if ' vcpu 0 ' in line]
check(seconds == sorted(seconds), 'time goes backwards')

# All of it.
lines = traced(folder, 'all')
kinds = collections.Counter(event(line) for line in lines)
check(set(kinds) >= {'hcall', 'trap', 'exit', 'rtas', 'mmu'}, f'there is only {kinds}')
# Each page's store is refused after H_PROTECT, and its load after H_REMOVE.
check(count(lines, r'trap DSI at 0x\w+, srr1 0x\w+, to 0x300, dar 0x1\w{7}, dsisr 0xa000000') == PAGES, 'stores')
check(count(lines, r'trap DSI .* dsisr 0x40000000') == PAGES, 'loads')
check(count(lines, r'mmu store 0x1\w{7}: protected') == PAGES, 'protected pages')
check(count(lines, r'mmu load 0x1\w{7}: no entry') == PAGES, 'removed pages')
check(count(lines, r'mmu store 0x1\w{7}: entry 0x\w+, 0x1\w{6}$') >= PAGES, 'entries found')
check(count(lines, r'rtas power-off\(0xffffffff, 0xffffffff\) = 0$') == 1, 'no power-off')
check(count(lines, r'exit PAPR_HCALL H_RTAS$') == 1, 'no exit for it')

# Lists and files that can't be; the guest isn't started.
for wrong, word in (('flow', 'flow'), ('hcall,', 'irq'), ('hcall:', 'file'), ('hcall:/nowhere/file', '/nowhere/file')):
    result = subprocess.run([PAPYR, *ROUNDS, '--trace', wrong], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(result.returncode == 1 and word in result.stderr and not result.stdout, f'--trace {wrong}: {result}')
# The console's terminal is no place for it.
guest = Guest([*ROUNDS, '--trace', 'hcall'])
guest.expect('terminal: name a file')
guest.wait_for_status(1)

# To standard error, while nobody reads: the guest ends all the same.
process = subprocess.Popen([PAPYR, *ROUNDS, '--trace', 'hcall,exit'], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
check(process.wait(60 * PATIENCE) == 0, 'it failed')
got = count(lines_of(process.stderr.read()), ' hcall H_')
check(PAGES < got < 4 * PAGES, f'there are {got} hypercalls in a pipe that nobody read')
# And if nobody ever will.
process = subprocess.Popen([PAPYR, *ROUNDS, '--trace', 'all'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
process.stderr.close()
check('0 failed' in process.stdout.read() and process.wait(60 * PATIENCE) == 0, 'it failed without a reader')

# A guest that runs already, for as long as somebody looks.
guest = Guest(['run', '-m', '256M', '-p', 'storm', '--name', 'traced'])
guest.expect('memory as it should be')
for _ in range(2):
    looker = subprocess.Popen([PAPYR, 'trace', 'traced', 'hcall'], stdout=subprocess.PIPE, text=True)
    for _ in range(100):
        check(LINE.fullmatch(looker.stdout.readline().strip()), 'not a line of a running guest')
    looker.terminate()
    looker.wait(30 * PATIENCE)
    check('running' in papyr('info', 'traced')[0].decode(), 'the guest was hurt')
looker = subprocess.Popen([PAPYR, 'trace', 'traced', 'trap'], stdout=subprocess.PIPE, text=True)
looker.stdout.readline()
papyr('stop', 'traced')
looker.stdout.read()
check(looker.wait(30 * PATIENCE) == 0, 'it did not end with the guest')

# A program that knows nothing of papyr.
if len(sys.argv) > 2:
    preload, program = map(os.path.abspath, sys.argv[1:])
    path = os.path.join(folder, 'trace')
    env = {**os.environ, 'LD_PRELOAD': preload, 'PAPYR_TRACE': f'hcall,exit:{path}'}
    plain = subprocess.run([program], env={**env, 'PAPYR_TRACE': 'flow'}, capture_output=True, text=True)
    check("'flow'" in plain.stderr, f'PAPYR_TRACE=flow: {plain.stderr!r}')
    result = subprocess.run([program], env=env, capture_output=True, text=True)
    check(result.stdout == plain.stdout, 'it printed something else')
    lines = lines_of(open(path, encoding='ascii').read())
    check(count(lines, r'hcall H_ENTER\(.*\) = H_PARAMETER$') and count(lines, ' exit '), 'nothing of the program')
