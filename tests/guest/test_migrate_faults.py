#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Either side is killed, and the connection cut or brought to a standstill, at every step of a migration:
test_migrate_faults.py [STEP:ACTION]... Never do two run; one runs on or can be resumed, save where the only
process that has the guest was killed (by force, where the destination died after it had said that the guest runs);
what the guest keeps checksums of holds; nothing hangs longer than the timeout. Its devices are all at work: disks,
a shared folder, random numbers, network cards, a channel and a balloon."""
import os
import re
import shutil
import signal
import sys
import time

from devicetest import make_disk, make_tree, modules, worker
from migratetest import BAD, Local, beats, migrate, status, storm_guest, wait_listening
from papyrtest import PATIENCE, Guest, Qmp, check, fail, papyr, workdir

SOURCE = ['connected', 'hello', 'answer', 'first-pass', 'pass', 'stopped', 'final-memory', 'final-table', 'final-state',
          'end', 'ready', 'go', 'running']
DEST = ['connected', 'hello', 'answer', 'record', 'sync', 'final', 'end', 'applied', 'ready', 'go', 'started', 'running']
ACTIONS = ['kill', 'cut', 'stall']
TIMEOUT = 2
# On a slow host its devices change more than the link carries.
HOW = ['--keep', '--throttle', '90', '--downtime-ms', '2000']
# So little that the first pass isn't enough, nor any other: for a fault of the second.
PASSES = ['--keep', '--downtime-ms', '0.1']

LATE = 'dest-ready:stop'
HASTY = 'dest-ready:stop,source-go:cut'

cases = sys.argv[1:] or [f'{side}-{step}:{action}' for side, steps in (('source', SOURCE), ('dest', DEST))
                         for step in steps for action in ACTIONS] + [LATE, HASTY]
folder = workdir()
image = os.path.join(folder, 'image')
uri = Local(folder).uri(0)
disks = [make_disk(folder, name) for name in ('blk', 'scsi')]
tree, names, tree_sum = make_tree(folder)
AT_WORK = ('blk', 'scsi', 'share', 'rng', 'ping')
MACS = ('02:00:00:00:00:20', '02:00:00:00:00:21')
START = f"""cd /root; ./work mount; ./work card {MACS[0]} 10.0.2.15 255.255.255.0; ifconfig lo 127.0.0.1
for what in blk scsi "share {names} {tree_sum}" rng ping port; do ./work $what & done"""


def devices(name):
    return ['--disk', f'{disks[0]},bus=virtio', '--disk', disks[1], '--rng', '--balloon', '--share', f'{tree}:share',
            '--channel', f'talk:{folder}/{name}.talk', '--net', f'user,mac={MACS[0]},bus=virtio', '--net', f'user,mac={MACS[1]}']


def works(guest):
    """Each of its devices does, from here on."""
    start = guest.seen
    for name in AT_WORK:
        guest.seen = start
        guest.expect(rf'{name} \d+\r?\n', 60, never=BAD)


def ended(guest):
    """Has its process ended? Takes its output meanwhile."""
    while guest.pump(0):
        if guest.process.poll() is not None:
            break
        if not guest.pump(0.05):
            break
        return guest.process.poll() is not None
    return guest.process.poll() is not None


def settle(source, dest):
    """What becomes of both, when it doesn't change any more."""
    end = time.monotonic() + (2 * TIMEOUT + 4) * PATIENCE
    states, since = None, 0
    while time.monotonic() < end:
        now = []
        for guest, name in ((source, 'source'), (dest, 'dest')):
            now.append('ended' if ended(guest) else status(name) or 'waiting')
        check(now != ['running', 'running'], 'two run')
        if now == states and time.monotonic() - since > 1:
            return now
        if now != states:
            states, since = now, time.monotonic()
    return states


def pair(source_env=None, dest_env=None):
    # They hold what they held when the guest was saved.
    for disk in disks:
        shutil.copy(disk + '.saved', disk)
    source = Guest(['run', '--restore', image, '--name', 'source', *devices('source')], env=source_env)
    beats(source, 1)
    dest = Guest(['run', '--incoming', uri, '--name', 'dest', *devices('dest')], env=dest_env)
    wait_listening(uri)
    return source, dest


def part(*guests):
    for guest in guests:
        clean(guest)
        guest.kill()
    # Its socket stays behind; the next one of that name makes room.
    if os.path.exists(uri[5:]):
        os.unlink(uri[5:])


def clean(guest):
    check(not re.search(BAD, guest.text), guest.text[-2000:])


def stays_away():
    """A guest that was said to run elsewhere is not resumed just so."""
    said = papyr('resume', 'source', status=1)[1]
    check('--force' in said, f'the refusal does not tell what can be done: {said}')
    check(status('source') == 'postmigrate', 'a refused resume changed something')


def claim():
    """Resumes a guest in doubt: when the time is over that a refusal tells, and not before."""
    qmp = Qmp('source')
    qmp.ok('qmp_capabilities')
    refusal = qmp.execute('cont').get('error')
    if refusal:
        time.sleep(int(re.search(r'within (\d+) s', refusal['desc'])[1]))
    papyr('resume', 'source')


def is_met(guest, where, action, code):
    """Did the fault come? When it runs there nobody's migration fails any more."""
    if action == 'kill':
        check(guest.process.poll() == -signal.SIGKILL, f'{where}:{action} was not met, {guest.process.poll()}')
    elif not where.endswith('-running'):
        check(code, f'{where}:{action} was not met')


def walk(case):
    where, action = case.rsplit(':', 1)
    on_source = where.startswith('source')
    fault = {'PAPYR_FAULT': case}
    source, dest = pair(fault, None) if on_source else pair(None, fault)
    begin = time.monotonic()
    how = PASSES if where == 'source-pass' else HOW
    code, _, _ = migrate('source', uri, *how, '--timeout', str(TIMEOUT))
    took = time.monotonic() - begin
    check(took < (2 * TIMEOUT + 10) * PATIENCE, f'it hung for {took:.0f} s')
    states = settle(source, dest)
    print(f'{case}: source {states[0]}, destination {states[1]}', flush=True)
    is_met(source if on_source else dest, where, action, code)
    # Whether GO had gone out before the fault; at READY it may cross the fault on its way.
    handed_over = where in ('source-go', 'source-running', 'dest-ready', 'dest-go', 'dest-started', 'dest-running')
    if states[1] == 'running':
        check(states[0] in ('postmigrate', 'ended'), f'{case}: the source is {states[0]} while the destination runs')
        check(handed_over, f'{case}: the destination started too early')
        beats(dest, 2)
        works(dest)
        if states[0] == 'postmigrate' and code == 0:
            stays_away()
    elif states[0] == 'running':
        beats(source, 2)
        works(source)
    elif states[0] == 'postmigrate':
        check(handed_over, f'{case}: the source does not run on')
        if code == 0:
            stays_away()
            papyr('resume', 'source', '--force')
        else:
            claim()
        beats(source, 2)
        works(source)
        check(status('source') == 'running', f"{case}: the source is {status('source')}")
    else:
        check(on_source and action == 'kill', f'{case}: no guest is left, source {states[0]}, destination {states[1]}')
    part(source, dest)


def walk_late(case):
    """A destination that stands still itself from READY on, and goes on when the source was taken back."""
    source, dest = pair(None, {'PAPYR_FAULT': case})
    code, _, said = migrate('source', uri, *HOW, '--timeout', str(TIMEOUT))
    check(code == 1 and 'may have started' in said, said)
    papyr('resume', 'source')
    beats(source, 1)
    dest.process.send_signal(signal.SIGCONT)
    dest.wait_for_status(1)
    beats(source, 1)
    works(source)
    print(f'{case}: source {status("source")}, destination ended', flush=True)
    part(source, dest)


def walk_hasty(case):
    """The connection is cut as soon as GO is sent, and a person is at the source before the destination reads it."""
    stop, cut = case.split(',')
    source, dest = pair({'PAPYR_FAULT': cut}, {'PAPYR_FAULT': stop})
    code, _, said = migrate('source', uri, *HOW, '--timeout', str(20 * PATIENCE))
    check(code == 1 and re.search(r'within \d+ s', said), said)
    stays_away()
    dest.process.send_signal(signal.SIGCONT)
    beats(dest, 1)
    works(dest)
    stays_away()
    print(f'{case}: source {status("source")}, destination {status("dest")}', flush=True)
    part(source, dest)


WALKS = {LATE: walk_late, HASTY: walk_hasty}
guest = storm_guest(folder, 'first', memory='192M', workers=2, files=[worker(folder), *modules()], first=START,
                    more=devices('first'))
beats(guest, 2)
works(guest)
papyr('save', 'first', image)
guest.wait_for_status(0)
for made in disks:
    shutil.copy(made, made + '.saved')
for c in cases:
    WALKS.get(c, walk)(c)
print(f'{len(cases)} faults')
