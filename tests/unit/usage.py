#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong usage ends with status 1, before any guest runs, and with a message that names what is wrong.

    usage.py PAPYR
"""
import subprocess
import sys
import tempfile

# Arguments, and what the message must hold.
WRONG = [
    ([], 'Usage'),
    (['fly'], 'fly'),
    (['run', 'vmlinux'], '-k'),
    (['run', '-m', '10'], '64M'),
    (['run', '-m', '1Q'], '1Q'),
    (['run', '-c', '0'], 'vcpus'),
    (['run', '-c', '4,threads=3'], 'threads'),
    (['run', '--cpu', 'POWER99'], 'POWER8'),
    (['run', '--htab-order', '17'], '18'),
    (['run', '--htab-order', '47'], '46'),
    (['run', '--name', '../up'], '--name'),
    (['run', '--accel', 'magic'], 'magic'),
    (['run', '--nonsense'], 'papyr run'),
    (['run', '-k'], '--help'),
    (['run', '-i', 'initrd'], '-k'),
    (['run', '-k', '/nowhere/vmlinux'], '/nowhere/vmlinux'),
    (['run', '-k', sys.executable], 'not a kernel'),
    (['run', '--restore', '/nowhere/image'], '/nowhere/image'),
    (['run', '--restore', sys.argv[0]], 'no saved guest'),
    (['run', '--restore', 'image', '-k', 'vmlinux'], '--restore'),
    (['list', 'guests'], 'guests'),
    (['info', 'nobody'], 'papyr list'),
    (['pause'], '--help'),
    (['save', 'nobody'], '--help'),
    (['save', 'nobody', 'file'], 'nobody'),
    (['htab', 'fly', 'nobody'], 'fly'),
    (['htab', 'dump', sys.argv[0]], sys.argv[0]),
]
RIGHT = [['--help'], ['--version'], ['run', '--help'], ['save', '--help'], ['list', '--json']]


def papyr(args, folder):
    return subprocess.run([sys.argv[1], *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                          env={'XDG_RUNTIME_DIR': folder}, check=False)


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for args, word in WRONG:
            got = papyr(args, folder)
            if got.returncode != 1 or got.stdout or word not in got.stderr:
                print(f'papyr {args}: status {got.returncode}, "{got.stdout}{got.stderr}", without "{word}"')
                bad += 1
        for args in RIGHT:
            got = papyr(args, folder)
            if got.returncode or not got.stdout or got.stderr:
                print(f'papyr {args}: status {got.returncode}, "{got.stdout}{got.stderr}"')
                bad += 1
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
