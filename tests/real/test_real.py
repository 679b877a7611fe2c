#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs of Debian's in a guest, with known answers: test_real.py quick|long [PROGRAM...].

Prints a table of what was run. A program that is known to fail stands in the table with the reason, and it is a
failure of the test when it succeeds: then the reason is to go.
"""
import fnmatch
import os
import sys
from dataclasses import dataclass

from realtest import BUILT_HERE, CHECKED, HERE, NEVER, boot
from papyrtest import PROMPT, check, workdir  # realtest says where that is


@dataclass
class Program:
    name: str
    command: str  # in the guest, from /real
    seconds: int  # at most, times the patience
    quick: bool = False
    known: str = ''  # why it can't succeed today
    languages: bool = False  # of that userland, not of the other


def python(module, seconds, quick=False, known=''):
    return Program(f'python {module}', f'python3 -m test -v -u none test_{module}', seconds, quick, known)


def language(name, seconds, argument=''):
    return Program(name, f'sh /real/languages.sh {name} {argument}'.rstrip(), seconds, languages=True)


PROGRAMS = [
    Program('libm', '/real/libm /real/libm.values', 60, quick=True),
    Program('perl', 'perl /real/arithmetic.pl', 60, quick=True),
    Program('openssl', 'sh /real/openssl.sh', 120, quick=True),
    Program('sqlite', 'sh /real/sqlite.sh', 60, quick=True),
    Program('compressors', 'sh /real/compress.sh', 240, quick=True),
    python('math', 120, quick=True),
    python('struct', 60, quick=True),
    python('zlib', 60, quick=True),
    python('hashlib', 60),
    python('float', 60),
    python('cmath', 60),
    python('json', 120),
    python('re', 120),
    python('ctypes', 120),
    python('decimal', 600),
    python('threading', 600),
    python('subprocess', 600),
    python('socket', 600),
    python('ssl', 600),
    python('multiprocessing_fork', 1800),
    Program('gcc', 'sh /real/compiler.sh', 300),
    Program('gdb', 'sh /real/debuggers.sh gdb', 300),
    Program('strace', 'sh /real/debuggers.sh strace', 120),
    Program('perf', 'sh /real/debuggers.sh perf', 120),
    Program('perf counters', 'sh /real/debuggers.sh counters', 60),
    Program('stress-ng', 'sh /real/stress.sh 30', 1800),  # ten minutes
    language('java', 1200),
    language('node', 1200),
    language('go', 1200),
    language('rust', 1200),
    language('tools', 300),
    language('together', 1800, '600'),
]


def expected_skips(module):
    """What hardware leaves out too, by the file that explains it: lines of a count and Python's own reason."""
    with open(os.path.join(HERE, 'skips')) as f:
        lines = [line.rstrip('\n').split('\t') for line in f if line.strip() and not line.startswith('#')]
    return sorted(f'{count} {reason}' for name, count, reason in lines if name == module)


def other_skips(guest, program):
    """Returns what was skipped in the guest only, and what only elsewhere."""
    if not program.name.startswith('python '):
        return []
    found = guest.command(r"""sed -nE "s/.* \.\.\. skipped (['\"])(.*)\1$/\2/p" /tmp/log | sort | uniq -c""")
    here = [' '.join(line.split()) for line in found.splitlines()]
    right = expected_skips(program.name.split()[1])
    return [f'skipped here: {skip}' for skip in here if skip not in right] + [
        f'not skipped here: {skip}' for skip in right if skip not in here]


def run(guest, program):
    """Returns the program's row: how it ended, and its counts."""
    guest.type(f'/real/check {program.command}\r')
    found = guest.expect(CHECKED, program.seconds, never=NEVER)
    guest.expect(PROMPT)
    status, checks = int(found.group(1)), int(found.group(2))
    skips = other_skips(guest, program)
    for skip in skips:
        print(f'{program.name}: {skip}', flush=True)
    good = status == 0 and checks > 0 and not skips
    if good == bool(program.known):
        print(f'--- {program.name}: status {status}, {checks} checks')
        print(guest.command('tail -c 6000 /tmp/log'), flush=True)
    result = ('known' if program.known else 'FAILED') if not good else 'FAILED' if program.known else 'ok'
    return (program.name, checks, result, found.group(3), program.known)


def run_all(userland, programs):
    """Returns their rows, from a guest of their own."""
    if not programs:
        return []
    guest = boot(workdir(), userland)
    rows = []
    for program in programs:
        rows.append(run(guest, program))
        print('{:24} {:>7} checks  {:6} {:>8} s  {}'.format(*rows[-1]).rstrip(), flush=True)
    guest.type('busybox poweroff -f\r')
    guest.wait_for_status(0)
    return rows


which = sys.argv[1]
wanted = [p for p in PROGRAMS if (p.quick or which == 'long') and
          (len(sys.argv) == 2 or any(fnmatch.fnmatch(p.name, w) for w in sys.argv[2:]))]
if len(BUILT_HERE) < 2:
    print('libm is left out: no powerpc64le-linux-gnu-gcc or no libmpfr-dev')
    wanted = [p for p in wanted if p.name != 'libm']
check(wanted, f'no such program among {[p.name for p in PROGRAMS]}')
rows = run_all('all' if which == 'long' else 'some', [p for p in wanted if not p.languages])
rows += run_all('languages', [p for p in wanted if p.languages])

print('\n{:24} {:>7}  {:6} {:>8}'.format('program', 'checks', 'result', 'seconds'))
for row in rows:
    print('{:24} {:>7}  {:6} {:>8}  {}'.format(*row).rstrip())
failed = [row[0] for row in rows if row[2] == 'FAILED']
check(not failed, f'not as expected: {", ".join(failed)}')
