# SPDX-License-Identifier: Apache-2.0
"""What the tests with Debian's programs share: a guest that has them, and what /real/check says of one."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'guest'))
from papyrtest import BUILT, CMDLINE, PROMPT, TOP, Guest, fetch, skip  # noqa: E402

CHECKED = r'CHECKED status (\d+), (\d+) checks, ([\d.]+) seconds'
NEVER = r'Kernel panic.*|Oops: .*|Unable to handle.*|BUG: .*|soft lockup.*|hard LOCKUP.*'
# Where there was no compiler for them or no MPFR they are missing, and the program is left out.
BUILT_HERE = [path for path in (os.path.join(BUILT, name) for name in ('libm', 'libm.values')) if os.path.exists(path)]



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
    for path in [entry.path for entry in os.scandir(HERE) if entry.is_file()] + BUILT_HERE:
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


def boot(folder, which, more=()):
    """A guest at its shell; @more: options of papyr run."""
    # Half of the memory is for files, each of which takes whole pages of 64 KiB.
    guest = Guest(['run', '-k', fetch('kernel'), '-i', make_initrd(folder, which), '-p', f'{CMDLINE} quiet', '-m',
                   '6G' if which == 'languages' else '4G', '-c', '2' if which == 'some' else '4', *more])
    guest.expect(PROMPT, 180 if which == 'languages' else 90)
    return guest
