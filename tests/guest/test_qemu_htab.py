#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr htab on what QEMU's migration and savevm write of a running pseries guest."""
import json
import os
import shutil
import struct
import subprocess
import time

from papyrtest import CMDLINE, PATIENCE, autorun, check, fail, fetch, forgive_fonts, make_initrd, papyr, running, skip, workdir

QEMU = shutil.which('qemu-system-ppc64')
if not QEMU:
    skip('there is no qemu-system-ppc64')
folder = workdir()
os.chdir(folder)
forgive_fonts(folder)
LOAD = 'while :; do cat /proc/*/status >/dev/null 2>&1; echo round; done'


def make_disk(path):
    """A qcow2 image for savevm to write to: header, table of reference counts, these, the disk's own table."""
    cluster = 65536
    with open(path, 'wb') as f:
        f.write(struct.pack('>IIQIIQIIQQIIQ', 0x514649fb, 2, 0, 0, 16, 1 << 20, 0, 1, 3 * cluster, cluster, 1, 0, 0))
        f.seek(cluster)
        f.write(struct.pack('>Q', 2 * cluster))
        f.seek(2 * cluster)
        f.write(struct.pack('>4H', 1, 1, 1, 1))
        f.truncate(4 * cluster)


class Qemu:
    def __init__(self):
        args = [QEMU, '-M', 'pseries,x-vof=on,cap-htm=off', '-cpu', 'POWER8', '-m', '256M', '-nodefaults',
                '-drive', 'if=none,id=disk,file=disk,format=qcow2', '-display', 'none', '-serial', 'file:console', '-qmp', 'stdio', '-kernel', fetch('kernel'),
                '-initrd', make_initrd(folder, autorun(folder, LOAD)), '-append', CMDLINE]
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        running.append(self)
        self.receive()
        self.execute('qmp_capabilities')

    def receive(self):
        line = self.process.stdout.readline()
        check(line, 'QEMU ended')
        return json.loads(line)

    def execute(self, command, **arguments):
        self.process.stdin.write((json.dumps({'execute': command, 'arguments': arguments}) + '\n').encode())
        self.process.stdin.flush()
        while True:
            answer = self.receive()
            if 'event' not in answer:
                check('return' in answer, f'{command}: {answer}')
                return answer['return']

    def wait_for(self, what, seconds, good):
        end = time.monotonic() + seconds * PATIENCE
        while not good():
            if time.monotonic() > end:
                fail(f'{what} did not come in {seconds} s')
            time.sleep(0.2)

    def kill(self):
        self.process.kill()
        self.process.wait()


def console():
    return open('console', errors='replace').read() if os.path.exists('console') else ''


make_disk('disk')
qemu = Qemu()
qemu.wait_for('the guest', 120, lambda: 'round' in console())


def migrate(path):
    qemu.execute('migrate', uri=f'exec:cat >{path}')
    qemu.wait_for('the end of the migration', 60, lambda: qemu.execute('query-migrate').get('status') == 'completed')


def examine(path):
    stat = json.loads(papyr('htab', 'stat', path, '--json')[0])
    check(stat['source'] == 'QEMU migration' and stat['memory'] == 256 << 20, f'{path}: {stat}')
    check(stat['bolted'] > 100, f'{path}: {stat}')
    verify = json.loads(papyr('htab', 'verify', path, '--json')[0])
    check(verify['clean'] and verify['entries'] == stat['valid'], f'{path}: {verify}')
    return stat


def work_on():
    """Lets the guest run for another of its rounds, then stand still."""
    before = console().count('round')
    qemu.execute('cont')
    qemu.wait_for('a round of the guest', 60, lambda: console().count('round') > before + 1)
    qemu.execute('stop')


# While it runs: the table is told in passes, the last of them when it stands still.
migrate('./moving')
examine('./moving')
papyr('htab', 'plot', './moving', '-o', 'moving.png')
# Standing still: again the same.
work_on()
migrate('./still')
stat = examine('./still')
diff = json.loads(papyr('htab', 'diff', './still', './still', '--json')[0])
check(diff['same'] == stat['valid'], f'a table differs from itself: {diff}')
papyr('htab', 'diff', './moving', './still', status=4)

# savevm keeps it in the disk image; a migration right behind it tells the same.
work_on()
for name in 'one', 'two':
    said = qemu.execute('human-monitor-command', **{'command-line': f'savevm {name}'})
    check(not said, f'savevm: {said}')
saved = examine('./disk')
migrate('./behind')
check(json.loads(papyr('htab', 'diff', './behind', './disk', '--json')[0])['same'] == saved['valid'], 'savevm')

# Cut off anywhere, it is refused.
data = open('still', 'rb').read()
for size in (7, 9, 40, 100, 5000, len(data) // 2):
    with open('cut', 'wb') as f:
        f.write(data[:size])
    papyr('htab', 'stat', './cut', status=1)
