#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs of Debian's in a guest, with known answers: test_real.py quick|long [PROGRAM...].

Prints a table of what was run. A program that is known to fail stands in the table with the reason, and it is a
failure of the test when it succeeds: then the reason is to go.
"""
import fnmatch
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'guest'))
from papyrtest import BUILT, CMDLINE, PROMPT, TOP, Guest, check, fetch, skip, workdir  # noqa: E402

NEVER = r'Kernel panic.*|Oops: .*|Unable to handle.*|BUG: .*|soft lockup.*|hard LOCKUP.*'
# Where there was no compiler for them or no MPFR they are missing, and the program is left out.
BUILT_HERE = [path for path in (os.path.join(BUILT, name) for name in ('libm', 'libm.values')) if os.path.exists(path)]


@dataclass
class Program:
    name: str
    command: str  # in the guest, from /real
    seconds: int  # at most, times the patience
    quick: bool = False
    known: str = ''  # why it can't succeed today


def python(module, seconds, quick=False, known=''):
    return Program(f'python {module}', f'python3 -m test -v -u none test_{module}', seconds, quick, known)


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
    Program('stress-ng', 'sh /real/stress.sh 10', 1200),
]


def userland(which):
    got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-userland'), which], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    if got.returncode:
        skip("Debian's programs can't be had: " + got.stderr.strip())
    return got.stdout.strip()


def make_initrd(folder, which):
    """The userland, and after it what is this test's: /init and /real."""
    top = os.path.join(folder, 'root')
    os.makedirs(os.path.join(top, 'usr', 'bin'))
    shutil.copy(fetch('busybox'), os.path.join(top, 'usr', 'bin', 'busybox'))
    shutil.copy(os.path.join(HERE, 'init'), os.path.join(top, 'init'))
    os.makedirs(os.path.join(top, 'real'))
    for path in [os.path.join(HERE, name) for name in os.listdir(HERE)] + BUILT_HERE:
        shutil.copy(path, os.path.join(top, 'real', os.path.basename(path)))
    names = subprocess.run(['find', '.', '-mindepth', '1'], cwd=top, stdout=subprocess.PIPE, check=True)
    initrd = os.path.join(folder, 'initrd')
    with open(initrd, 'wb') as f:
        with open(userland(which), 'rb') as programs:
            shutil.copyfileobj(programs, f)
        f.flush()
        subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet', '-R', '0:0'], cwd=top, input=names.stdout, stdout=f,
                       check=True)
    return initrd


def boot(which):
    folder = workdir()
    guest = Guest(['run', '-k', fetch('kernel'), '-i', make_initrd(folder, which), '-p', f'{CMDLINE} quiet', '-m',
                   '4G', '-c', '4' if which == 'all' else '2'])
    guest.expect(PROMPT, 90)
    return guest


def run(guest, program):
    """Returns the program's row: how it ended, and its counts."""
    guest.type(f'/real/check {program.command}\r')
    found = guest.expect(r'CHECKED status (\d+), (\d+) checks, ([\d.]+) seconds', program.seconds, never=NEVER)
    guest.expect(PROMPT)
    status, checks = int(found.group(1)), int(found.group(2))
    good = status == 0 and checks > 0
    if good == bool(program.known):
        print(f'--- {program.name}: status {status}, {checks} checks')
        print(guest.command('tail -c 6000 /tmp/log'), flush=True)
    result = ('known' if program.known else 'FAILED') if not good else 'FAILED' if program.known else 'ok'
    return (program.name, checks, result, found.group(3), program.known)


which = sys.argv[1]
wanted = [p for p in PROGRAMS if (p.quick or which == 'long') and
          (len(sys.argv) == 2 or any(fnmatch.fnmatch(p.name, w) for w in sys.argv[2:]))]
if len(BUILT_HERE) < 2:
    print('libm is left out: no powerpc64le-linux-gnu-gcc or no libmpfr-dev')
    wanted = [p for p in wanted if p.name != 'libm']
check(wanted, f'no such program among {[p.name for p in PROGRAMS]}')
guest = boot('all' if which == 'long' else 'some')
rows = []
for program in wanted:
    rows.append(run(guest, program))
    print('{:24} {:>7} checks  {:6} {:>8} s  {}'.format(*rows[-1]).rstrip(), flush=True)
guest.type('busybox poweroff -f\r')
guest.wait_for_status(0)

print('\n{:24} {:>7}  {:6} {:>8}'.format('program', 'checks', 'result', 'seconds'))
for row in rows:
    print('{:24} {:>7}  {:6} {:>8}  {}'.format(*row).rstrip())
failed = [row[0] for row in rows if row[2] == 'FAILED']
check(not failed, f'not as expected: {", ".join(failed)}')
