#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong usage ends with status 1, before any guest runs, and with a message that names what is wrong.

    usage.py PAPYR
"""
import os
import struct
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
    (['run', '-m', '100T'], '64T'),
    (['run', '-c', '0'], 'vcpus'),
    (['run', '-c', '4,threads=3'], 'threads'),
    (['run', '-c', '4,max=2'], 'max='),
    (['run', '-c', '2,threads=2,max=3'], 'whole cores'),
    (['run', '-m', '1G,max=512M'], 'max='),
    (['run', '-m', '1G,most=2G'], 'max='),
    (['run', '-m', '800M,max=2G'], '256 MiB'),
    (['run', '-m', '1G,max=2T'], '1024 GiB'),
    (['memory', 'nobody'], '--help'),
    (['memory', 'nobody', '1Q'], '1Q'),
    (['memory', 'nobody', '1G', '--timeout', 'x'], '--timeout'),
    (['cpus', 'nobody', '0'], "'0'"),
    (['cpus', 'nobody', '2'], 'nobody'),
    (['run', '--cpu', 'POWER99'], 'POWER8'),
    (['run', '-M', 'mac99'], 'bamboo'),
    (['run', '-M', 'bamboo', '--cpu', 'POWER8'], 'pseries'),
    (['run', '-M', 'pseries', '--cpu', '440'], 'bamboo'),
    (['run', '-M', 'bamboo'], '-k'),
    (['run', '--cpu', 'e500v2', '-k', '/dev/null', '--rng'], '--rng'),
    (['balloon'], '--help'),
    (['balloon', 'nobody', '1Q'], '1Q'),
    (['run', '-M', 'ppce500', '-k', '/dev/null', '--htab-order', '20'], '--htab-order'),
    (['run', '-M', 'bamboo', '-k', '/dev/null', '-c', '2'], '-c'),
    (['run', '-M', 'bamboo', '-k', '/dev/null', '-m', '4G'], '-m'),
    (['run', '-M', 'bamboo', '-k', '/dev/null', '-m', '256M,max=512M'], '-m'),
    (['run', '--htab-order', '17'], '18'),
    (['run', '--htab-order', '47'], '46'),
    (['run', '--name', '../up'], '--name'),
    (['run', '--accel', 'magic'], 'magic'),
    (['run', '--engine', 'magic'], 'portable'),
    (['run', '--code-memory', '8M'], '16M'),
    (['run', '--code-memory', '2G'], '1G'),
    (['run', '--code-memory', 'much'], 'much'),
    (['run', '--trace', 'hcall,flow'], 'flow'),
    (['run', '--trace', 'hcall:'], 'file'),
    (['trace', 'nobody', 'flow'], 'flow'),
    (['profile'], '--help'),
    (['profile', 'nobody'], 'nobody'),
    (['profile', 'nobody', '-d', '0'], '0.1'),
    (['profile', 'nobody', '-n', 'x'], "'x'"),
    (['run', '--gdb', 'tcp:'], 'tcp:'),
    (['run', '--gdb', 'tcp:nowhere.invalid:1234'], 'nowhere.invalid'),
    (['run', '--gdb=1234'], 'tcp:[HOST:]PORT'),
    (['run', '--gdb=unix:,wait'], 'unix:'),
    (['run', '--gdb', 'unix:/nowhere/socket'], '/nowhere/socket'),
    (['gdb'], '--help'),
    (['gdb', 'nobody'], 'nobody'),
    (['gdb', 'nobody', 'tcp:1:2:3'], '1:2:3'),
    (['gdb', 'nobody', 'unix:socket'], 'slash'),
    (['trace', 'nobody', 'hcall:file'], 'file'),
    (['trace', 'nobody', 'hcall'], 'nobody'),
    (['run', '--nonsense'], 'papyr run'),
    (['run', '-k'], '--help'),
    (['run', '-i', 'initrd'], '-k'),
    (['run', '-k', '/nowhere/vmlinux'], '/nowhere/vmlinux'),
    (['run', '-k', sys.executable], 'not a kernel'),
    (['run', '-k', os.path.abspath(sys.argv[0])], '--raw'),
    (['run', '--restore', '/nowhere/image'], '/nowhere/image'),
    (['run', '--restore', os.path.abspath(sys.argv[0])], 'no saved guest'),
    (['run', '--restore', 'image', '-k', 'vmlinux'], '--restore'),
    (['list', 'guests'], 'guests'),
    (['info', 'nobody'], 'papyr list'),
    (['info', 'folder'], 'papyr list'),
    (['pause'], '--help'),
    (['save', 'nobody'], '--help'),
    (['save', 'nobody', 'file'], 'nobody'),
    (['run', '--restore', 'stream'], '--incoming'),
    (['run', '--incoming', 'file:image'], '--restore'),
    (['migrate', 'nobody', 'tcp::1', '--timeout', 'nan'], 'nan'),
    (['migrate', 'nobody', 'tcp::1', '--timeout', 'inf'], 'inf'),
    (['migrate', 'nobody', 'tcp::1', '--timeout', '-1'], '-1'),
    (['migrate', 'nobody', 'tcp::1', '--downtime-ms', 'nan'], 'nan'),
    (['migrate', 'nobody', 'tcp::1', '--downtime-ms', '5x'], '5x'),
    (['top', '--json', '-d', 'nan'], 'delay'),
    (['htab', 'fly'], "no 'fly'"),
    (['htab', 'fly', 'nobody'], 'fly'),
    (['htab', 'dump', '--json', '--csv', 'raw'], 'not both'),
    (['htab', 'stat', '.'], '.: is no regular file'),
    (['htab', 'stat', './empty'], 'papyr: ./empty: is empty'),
    (['htab', 'stat', './nothing'], 'papyr: ./nothing: cannot be opened: No such file'),
    (['htab', 'stat', './qcow'], 'features'),
    (['htab', 'plot', './raw', '-o', 'nowhere/z.png'], 'No such file'),
    (['htab', 'plot', './raw', '-o', 'nowhere/z.svg'], 'No such file'),
    (['htab', 'dump', os.path.abspath(sys.argv[0])], os.path.abspath(sys.argv[0])),
    (['tlb'], 'dump or diff'),
    (['tlb', 'fly', 'nobody'], "no 'fly'"),
    (['tlb', 'dump'], "a guest's name"),
    (['tlb', 'dump', 'nobody'], 'papyr list'),
    (['tlb', 'dump', './a', './b'], "'./b'"),
    (['tlb', 'diff', './empty'], 'two TLBs'),
    (['tlb', 'diff', '--all', './a', './b'], 'for dump'),
    (['tlb', 'dump', '.'], '.: is no regular file'),
    (['tlb', 'dump', './empty'], 'papyr: ./empty: is empty'),
    (['tlb', 'dump', './nothing'], 'cannot be opened: No such file'),
    (['tlb', 'dump', './image'], './image: '),
    (['tlb', 'dump', './raw'], 'tlb dump --json'),
    (['tlb', 'dump', './tlb-other'], "doesn't tell of a TLB"),
    (['tlb', 'dump', './tlb-place'], "place that isn't there"),
    (['tlb', 'dump', './tlb-words'], 'of 4 numbers'),
    (['tlb', 'dump', './tlb-negative'], 'number is none'),
    (['tlb', 'dump', './tlb-440', '--shadow'], 'no shadow TLB'),
    (['tlb', 'dump', './tlb-shadow'], '--shadow'),
    (['tlb', 'diff', './tlb-440', './tlb-e500'], "can't be compared"),
]
# Faults that cannot be met (docs/migration.md).
FAULTS = ['source-lunch:kill', 'source-hello:sing', 'source-hello', 'source-:cut', ':kill']
RIGHT = [['--help'], ['--version'], ['run', '--help'], ['save', '--help'], ['list', '--json']]


# The beginnings of a migration's stream, of an image, of a disk image with tables of another form; a table without entries.
FILES = {
    'stream': b'HELO'.ljust(24, b'\0') + b'PAPYRMIG' + bytes(100),
    'image': b'PAPYRIMG' + bytes(100),
    'qcow': struct.pack('>II', 0x514649fb, 3).ljust(20, b'\0') + struct.pack('>I', 16).ljust(52, b'\0') +
            struct.pack('>Q', 1 << 4) + bytes(100),
    'raw': struct.pack('<IHH', 0, 0, 16384),
    'empty': b'',
    'tlb-440': b'{"cpu": "440", "entries": []}',
    'tlb-e500': b'{"cpu": "e500v2", "entries": []}',
    'tlb-shadow': b'{"cpu": "440", "shadow": true, "entries": []}',
    'tlb-other': b'{"cpu": "970", "entries": []}',
    'tlb-place': b'{"cpu": "440", "entries": [{"index": 64, "words": [0, 0, 0, 0]}]}',
    'tlb-words': b'{"cpu": "440", "entries": [{"index": 63, "words": [0, 0, 0]}]}',
    'tlb-negative': b'{"cpu": "e500v2", "entries": [{"index": 527, "words": [0, 0, 0, -1]}]}',
}


def papyr(args, folder, output=subprocess.PIPE, **env):
    return subprocess.run([os.path.abspath(sys.argv[1]), *args], stdin=subprocess.DEVNULL, stdout=output,
                          stderr=subprocess.PIPE, text=True, timeout=30, cwd=folder,
                          env={'XDG_RUNTIME_DIR': folder, **env}, check=False)


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder, open('/dev/full', 'w') as full:
        for name, data in FILES.items():
            with open(os.path.join(folder, name), 'wb') as f:
                f.write(data)
        os.mkdir(os.path.join(folder, 'folder'))  # no guest's name is taken for it
        for args, word in WRONG:
            got = papyr(args, folder)
            if got.returncode != 1 or got.stdout or word not in got.stderr:
                print(f'papyr {args}: status {got.returncode}, "{got.stdout}{got.stderr}", without "{word}"')
                bad += 1
        for fault in FAULTS:
            got = papyr(['run'], folder, PAPYR_FAULT=fault)
            if got.returncode != 1 or got.stdout or f'PAPYR_FAULT={fault}' not in got.stderr:
                print(f'PAPYR_FAULT={fault}: status {got.returncode}, "{got.stdout}{got.stderr}"')
                bad += 1
        for args in RIGHT:
            got = papyr(args, folder)
            if got.returncode or not got.stdout or got.stderr:
                print(f'papyr {args}: status {got.returncode}, "{got.stdout}{got.stderr}"')
                bad += 1
            got = papyr(args, folder, full)
            if got.returncode != 1 or 'No space' not in got.stderr:
                print(f'papyr {args} >/dev/full: status {got.returncode}, "{got.stderr}"')
                bad += 1
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
