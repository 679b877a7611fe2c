#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Control of live migration: QMP's commands and events, refusals before anything moves, cancelling, a guest that
doesn't converge and one that is throttled, strangers with wrong keys, commands and files as transports."""
import os
import subprocess
import time

from migratetest import Local, beats, migrate, status, storm_guest, wait_listening, wait_socket
from papyrtest import Guest, check, papyr, workdir

folder = workdir()
link = Local(folder)
uri = link.uri(0)


def key(name, hexkey):
    path = os.path.join(folder, name)
    with open(path, 'w') as f:
        f.write(f'papyr:{hexkey}\n')
    return path


def refused(options, word, *migrate_options):
    """The destination says why not, and the guest runs on."""
    there = Guest(['run', '--incoming', uri, '--name', 'there', *options])
    wait_listening(uri)
    code, _, said = migrate('here', uri, '--timeout', '5', *migrate_options)
    check(code == 1 and word in said, f'{options}: {said}')
    beats(guest, 1)
    there.kill()
    if os.path.exists(uri[5:]):
        os.unlink(uri[5:])


guest = storm_guest(folder, 'here', memory='192M')
beats(guest, 2)

# Nobody there; a guest that is other than wanted.
code, _, said = migrate('here', f'unix:{folder}/nobody')
check(code == 1 and 'cannot connect' in said, said)
code, _, said = migrate('here', 'carrier-pigeon:home')
check(code == 1 and 'none of tcp:' in said, said)
refused(['-m', '512M'], 'memory')
refused(['-c', '3'], 'vcpus')
refused(['--cpu', 'POWER7'], 'processor')
refused(['--htab-order', '24'], 'hash table')

# Strangers: another key, none, one where none is asked for.
right, wrong = key('right', '00112233445566778899aabbccddeeff'), key('wrong', 'ff112233445566778899aabbccddeeff')
refused(['--tls-psk', right], '', '--tls-psk', wrong)
refused(['--tls-psk', right], '')
refused([], '', '--tls-psk', right)

# A slow link: never little enough left. It says so after a while; here it is cancelled in the middle.
there = Guest(['run', '--incoming', uri, '--name', 'there'])
wait_listening(uri)
qmp = wait_socket('here')
qmp.ok('qmp_capabilities')
qmp.ok('migrate-set-parameters', **{'max-bandwidth': 4 << 20, 'x-downtime-ms': 1, 'x-tls-psk': ''})
check('error' in qmp.execute('migrate-set-parameters', **{'no-such': 1}), 'an unknown parameter is taken')
check('error' in qmp.execute('migrate', uri='fd:nothing'), 'a descriptor that never came is taken')
qmp.ok('migrate', uri=uri)
check('error' in qmp.execute('migrate', uri=uri), 'two migrations at once')
for _ in range(100):
    now = qmp.ok('query-migrate')
    if now.get('ram', {}).get('transferred', 0) > 1 << 20:
        break
    time.sleep(0.1)
check(now['status'] == 'active' and now['ram']['total'] == 192 << 20, now)
check('x-downtime-ms' in qmp.ok('query-migrate-parameters'), 'no parameters')
qmp.ok('migrate_cancel')
qmp.wait_event('MIGRATION')
for _ in range(100):
    now = qmp.ok('query-migrate')
    if now['status'] == 'cancelled':
        break
    time.sleep(0.05)
check(now['status'] == 'cancelled', now)
check(status('here') == 'running', status('here'))
there.wait_for_status(1)
beats(guest, 2)

# With a key, over a command, throttled if need be.
there = Guest(['run', '--incoming', uri, '--name', 'there', '--tls-psk', right])
wait_listening(uri)
code, value, said = migrate('here', uri, '--tls-psk', right, '--throttle', '60')
check(code == 0, said)
guest.wait_for_status(0)
beats(there, 2)

# Into a file, and out of it.
image = os.path.join(folder, 'file')
code, value, said = migrate('there', f'file:{image}', '--keep')
check(code == 0, said)
check(status('there') == 'postmigrate', status('there'))
papyr('resume', 'there', status=1)
papyr('stop', 'there')
there.wait_for_status(0)
guest = Guest(['run', '--incoming', f'file:{image}', '--name', 'again'])
beats(guest, 2)

# On word from the control socket; through a command. The descriptor is the command's standard input and output.
there = Guest(['run', '--incoming', 'defer', '--name', 'late', '-m', '192M', '-c', '2'])
late = wait_socket('late')
late.ok('qmp_capabilities')
check(late.ok('query-status')['status'] == 'inmigrate', 'not waiting')
check('error' in late.execute('cont'), 'a guest that has not come can be started')
late.ok('migrate-incoming', uri=uri)
wait_listening(uri)
relay = os.path.join(folder, 'relay.py')
with open(relay, 'w') as f:
    f.write(f'''
import os, socket, threading
s = socket.socket(socket.AF_UNIX)
s.connect({uri[5:]!r})
def copy(a, b):
    while True:
        d = os.read(a, 65536)
        if not d:
            os._exit(0)
        while d:
            d = d[os.write(b, d):]
threading.Thread(target=copy, args=(s.fileno(), 1), daemon=True).start()
copy(0, s.fileno())
''')
code, value, said = migrate('again', f'exec:python3 {relay}')
check(code == 0, said)
guest.wait_for_status(0)
beats(there, 2)
check(late.ok('query-status')['status'] == 'running', 'not running')
papyr('stop', 'late')
there.wait_for_status(0)
