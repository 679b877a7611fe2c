#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What guests' processes have given up, and what they can do nevertheless."""
import os
import subprocess
import time

from papyrtest import PAPYR, PATIENCE, Guest, Qmp, check, fetch, may_be_refused, papyr, until, until_running, workdir

# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, NET_BIND_SERVICE, NET_RAW, IPC_LOCK
CAPABILITIES = 0x641b

folder = workdir()
# A command for a migration, which only 'papyr migrate' starts; and addresses for a guest that is tight.
may_be_refused |= {'clone', 'socket'}
inside, outside = os.path.join(folder, 'inside'), os.path.join(folder, 'outside')
os.mkdir(inside)
os.mkdir(outside)


def threads(pid):
    """Of each thread, what its status says."""
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/status') as f:
            yield dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


def is_fenced(pid):
    """All of its threads are."""
    said = [(t['Seccomp'], t['NoNewPrivs'], int(t['CapEff'], 16) & ~CAPABILITIES) for t in threads(pid)]
    return set(said) == {('2', '1', 0)}


def start(name, *more):
    guest = Guest(['run', '-p', 'storm', '-m', '256M', '-c', '2', '--name', name, *more])
    until_running(name)
    qmp = Qmp(name)
    qmp.ok('qmp_capabilities')
    until('its vcpus', lambda: len(list(threads(guest.process.pid))) >= 3)
    return guest, qmp


def is_refused(qmp, reason, command, **arguments):
    answer = qmp.execute(command, **arguments)
    if 'return' in answer:  # it is found out later
        answer = until('the end', lambda: (q := qmp.ok('query-migrate')).get('status') == 'failed' and q)
        answer = {'error': {'desc': answer.get('error-desc', '')}}
    check(reason in answer['error']['desc'], f'{command}: {answer}')
    check(qmp.ok('query-status')['running'], f'{command}: the guest stands still')


# ---- As it is if nothing is said ----

guest, qmp = start('usual')
check(is_fenced(guest.process.pid), f'not fenced in: {list(threads(guest.process.pid))}')
is_refused(qmp, "only 'papyr migrate' can", 'migrate', uri='exec:cat >/dev/null')
is_refused(qmp, 'refused', 'migrate', uri='tcp:127.0.0.1:1')
image = os.path.join(outside, 'image')
papyr('save', 'usual', image, '--keep-running')
check('status 3' in papyr('migrate', 'usual', 'exec:exit 3', status=1)[1], 'how a command ended is not said')
papyr('stop', 'usual')
guest.wait_for_status(0)

# ---- Tight ----

guest, qmp = start('tight', f'--tight={inside}')
check(is_fenced(guest.process.pid), 'not fenced in')
is_refused(qmp, 'denied', 'x-save', path=os.path.join(outside, 'other'), quit=False)
is_refused(qmp, 'not permitted', 'migrate', uri='tcp:127.0.0.1:1')
is_refused(qmp, 'denied', 'migrate', uri='file:' + os.path.join(outside, 'other'))
is_refused(qmp, 'not permitted', 'x-gdb', where='tcp:127.0.0.1:0')
check(os.listdir(outside) == ['image'], f'{os.listdir(outside)} are there')
image = os.path.join(inside, 'image')
papyr('save', 'tight', image)
guest.wait_for_status(0)
guest = Guest(['run', '--restore', image, '--name', 'back', '--tight'])
until_running('back')
papyr('info', 'back')
papyr('stop', 'back')
guest.wait_for_status(0)
for words in (['--incoming', 'tcp::0'], ['--no-sandbox'], ['--disk', 'x.qcow2,format=qcow2']):
    check("--tight doesn't go with" in papyr('run', '--tight', *words, status=1)[1], f'--tight with {words}')

# ---- Without ----

guest, qmp = start('open', '--no-sandbox')
check({t['Seccomp'] for t in threads(guest.process.pid)} == {'0'}, 'fenced in all the same')
papyr('stop', 'open')
guest.wait_for_status(0)

# ---- papyr exec ----

fetch('virtio')
command = subprocess.Popen([PAPYR, 'exec', '-v', f'{inside}:/in', 'sh', '-c', 'echo ready; cat; ls /in; ls /in/link/'],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
os.symlink(outside, os.path.join(inside, 'link'))
check(command.stdout.readline() == b'ready\n', 'the command did not begin')
with open(f'/proc/{command.pid}/task/{command.pid}/children') as f:
    (child,) = f.read().split()
check(is_fenced(child), 'the guest of exec is not fenced in')
qmp = Qmp(f'exec-{command.pid}')
qmp.ok('qmp_capabilities')
is_refused(qmp, 'denied', 'x-save', path=os.path.join(outside, 'other'), quit=False)
out, err = command.communicate(b'', 60 * PATIENCE)
check(out.split() == [b'image', b'link'] and b'/in/link/' in err, f'{out}, {err}')
check(os.listdir(outside) == ['image'], f'{os.listdir(outside)} are there')
