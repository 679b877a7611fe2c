#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Control of live migration: QMP's commands, capabilities, parameters and events as QEMU's clients know them, refusals
before anything moves, cancelling, a guest that is throttled, commands and files as transports."""
import os
import time

from migratetest import Local, beats, migrate, status, storm_guest, wait_listening, wait_socket
from papyrtest import Guest, Qmp, check, fail, papyr, until, workdir

folder = workdir()
link = Local(folder)
uri = link.uri(0)


# What QEMU's clients look for in query-migrate's ram, all whole numbers but mbps.
RAM = ['transferred', 'remaining', 'total', 'duplicate', 'skipped', 'normal', 'normal-bytes', 'dirty-pages-rate', 'mbps',
       'dirty-sync-count', 'postcopy-requests', 'page-size', 'multifd-bytes', 'pages-per-second', 'precopy-bytes',
       'downtime-bytes', 'postcopy-bytes']


class Client(Qmp):
    """Keeps the states that the event MIGRATION tells."""

    def receive(self):
        self.states = getattr(self, 'states', [])
        message = super().receive()
        if message.get('event') == 'MIGRATION':
            self.states.append(message['data']['status'])
        return message

    def wait_states(self, *states):
        while len(self.states) < len(states):
            self.receive()
        check(self.states == list(states), self.states)
        self.states.clear()

    def no(self, word, command, **arguments):
        """The command is refused."""
        error = self.execute(command, **arguments).get('error', {})
        check(error.get('class') == 'GenericError' and word in error['desc'], f'{command} {arguments}: {error}')

    def set(self, **capabilities):
        return {'capabilities': [{'capability': name.replace('_', '-'), 'state': on}
                                 for name, on in capabilities.items()]}

    def wait_status(self, *wanted, seconds=20):
        for _ in range(seconds * 20):
            now = self.ok('query-migrate')
            if now['status'] in wanted:
                return now
            time.sleep(0.05)
        fail(f'never {wanted}: {now}')


def refused(options, word):
    """The destination says why not, and the guest runs on."""
    there = Guest(['run', '--incoming', uri, '--name', 'there', *options])
    wait_listening(uri)
    code, _, said = migrate('here', uri, '--timeout', '5')
    check(code == 1 and word in said, f'{options}: {said}')
    beats(guest, 1)
    there.kill()
    if os.path.exists(uri[5:]):
        os.unlink(uri[5:])


guest = storm_guest(folder, 'here', memory='192M')
beats(guest, 2)
qmp = Client('here')
qmp.ok('qmp_capabilities')
check(qmp.ok('query-migrate') == {}, 'a state of a migration that never was')

# Nobody there; a guest that is other than wanted.
code, _, said = migrate('here', f'unix:{folder}/nobody')
check(code == 1 and 'cannot connect' in said, said)
code, _, said = migrate('here', 'carrier-pigeon:home')
check(code == 1 and 'none of tcp:' in said, said)
refused(['-m', '512M'], 'memory')
refused(['-c', '3'], 'vcpus')
refused(['--cpu', 'POWER7'], 'processor')
refused(['--htab-order', '24'], 'hash table')

# Capabilities and parameters.
capabilities = qmp.ok('query-migrate-capabilities')
check(all(set(c) == {'capability', 'state'} for c in capabilities), capabilities)
check({c['capability']: c['state'] for c in capabilities} ==
      {'auto-converge': False, 'events': False, 'return-path': True}, capabilities)
qmp.no("'no-such'", 'migrate-set-capabilities', **qmp.set(events=True, no_such=True))
qmp.no("'no-such'", 'migrate-set-capabilities', **qmp.set(no_such=False))
for name in ('xbzrle', 'postcopy-ram', 'multifd', 'pause-before-switchover'):
    qmp.no(f"'{name}' is not supported", 'migrate-set-capabilities', **qmp.set(events=True, **{name: True}))
qmp.no('always on', 'migrate-set-capabilities', **qmp.set(return_path=False))
qmp.no("'state' is missing", 'migrate-set-capabilities', capabilities=[{'capability': 'events'}])
qmp.no("'state' must be", 'migrate-set-capabilities', capabilities=[{'capability': 'events', 'state': 1}])
qmp.no('{capability, state}', 'migrate-set-capabilities', capabilities=['events'])
qmp.no("'capabilities' must be", 'migrate-set-capabilities', capabilities='events')
check(qmp.ok('query-migrate-capabilities') == capabilities, 'a refused list was taken in part')
qmp.ok('migrate-set-capabilities', **qmp.set(xbzrle=False, return_path=True, events=True, auto_converge=False))
qmp.no("'no-such' is unexpected", 'migrate-set-parameters', **{'no-such': 1, 'downtime-limit': 99})
qmp.no("'downtime-limit' must be", 'migrate-set-parameters', **{'downtime-limit': 1.5})
qmp.no("'downtime-limit' must be", 'migrate-set-parameters', **{'downtime-limit': 2000001})
qmp.no("'max-bandwidth' must be", 'migrate-set-parameters', **{'max-bandwidth': -1})
qmp.no("'max-cpu-throttle' must be", 'migrate-set-parameters', **{'max-cpu-throttle': 100})
qmp.no("'cpu-throttle-initial' must be", 'migrate-set-parameters', **{'cpu-throttle-initial': 0})
qmp.no("'tls-creds'", 'migrate-set-parameters', **{'tls-creds': 'tls0'})
before = qmp.ok('query-migrate-parameters')
check(before['downtime-limit'] != 99, 'a refused set was taken in part')
qmp.ok('migrate-set-parameters', **{'downtime-limit': 7, 'tls-creds': '', 'cpu-throttle-initial': 30})
after = qmp.ok('query-migrate-parameters')
check(after == {**before, 'downtime-limit': 7, 'x-downtime-ms': 7.0, 'cpu-throttle-initial': 30}, after)
qmp.no("'uri' is missing", 'migrate')
qmp.no("'uri' must be", 'migrate', uri=5)
qmp.no('disks', 'migrate', uri=uri, blk=True)
qmp.no('getfd', 'migrate', uri='fd:nothing')
qmp.no('none of tcp:', 'migrate', uri='nowhere')

# A slow link: never little enough left. Here it is cancelled in the middle.
there = Guest(['run', '--incoming', uri])
wait_listening(uri)
qmp.ok('migrate-set-parameters', **{'max-bandwidth': 4 << 20, 'x-downtime-ms': 1, 'x-tls-psk': ''})
qmp.ok('migrate', uri=uri, detach=True, blk=False, inc=False)
qmp.no('under way', 'migrate', uri=uri)
qmp.no('under way', 'migrate-set-capabilities', **qmp.set(events=False))
# Nor does a second attempt change anything of the first.
code, _, said = migrate('here', uri, '--timeout', '5')
check(code == 1 and 'under way' in said, said)
check(qmp.ok('query-migrate-parameters')['max-bandwidth'] == 4 << 20, 'another attempt took the limit away')
# A guest that is saved stands still; it must not be let go again after it moved meanwhile.
qmp.no('under way', 'x-save', path=os.path.join(folder, 'never'))
qmp.no('under way', 'x-cpus', count=1)
qmp.no('under way', 'x-memory', size=1 << 30)
# Before the first page is sent, all are to be.
now = qmp.wait_status('active')
check(now['ram']['remaining'] > 128 << 20, now)
# Its name is the source's here.
check(status(f'papyr-{there.process.pid}') == 'inmigrate', 'not under a name of its own')


def sent_something():
    now = qmp.ok('query-migrate')
    return now if now.get('ram', {}).get('transferred', 0) > 1 << 20 else None


now = until('the first MiB', sent_something)
check(now['status'] == 'active' and now['ram']['total'] == 192 << 20, now)
check(all(isinstance(now['ram'][name], (int, float) if name == 'mbps' else int) for name in RAM), now)
check(all(isinstance(now[name], int) for name in ('total-time', 'setup-time', 'expected-downtime')), now)
check(0 < now['ram']['remaining'] < now['ram']['total'], now)
qmp.ok('migrate_cancel')
now = qmp.wait_status('cancelled')
check('error-desc' in now, now)
qmp.wait_states('setup', 'active', 'cancelling', 'cancelled')
qmp.ok('migrate_cancel')
check(status('here') == 'running', status('here'))
there.wait_for_status(1)
beats(guest, 2)

# Ended at the other side, which says so.
there = Guest(['run', '--incoming', uri, '--name', 'there'])
wait_listening(uri)
qmp.ok('migrate', uri=uri)
qmp.wait_status('active')
papyr('stop', 'there')
now = qmp.wait_status('failed')
check("the destination can't go on: cancelled" in now['error-desc'], now)
qmp.wait_states('setup', 'active', 'failed')
check(status('here') == 'running', status('here'))
there.kill()

# The same on a terminal, by Ctrl-C.
there = Guest(['run', '--incoming', uri, '--name', 'there'])
wait_listening(uri)
qmp.ok('migrate-set-capabilities', **qmp.set(events=False))
mover = Guest(['migrate', 'here', uri, '--max-bandwidth', '4M'])
mover.expect(r'pass +memory +left +entries +sent +rate +standstill +slowed')
mover.expect(r' 1 +192 MiB +[\d.]+ MiB +\d+ +[\d.]+ [KM]iB +[\d.]+ [KM]iB/s +-')
mover.type('\x03')
mover.expect('the guest did not move: cancelled')
mover.wait_for_status(1)
there.wait_for_status(1)
beats(guest, 2)

# Throttled: from the first step on, which was set to 30 %.
there = Guest(['run', '--incoming', uri, '--name', 'there'])
wait_listening(uri)
qmp.ok('migrate-set-capabilities', **qmp.set(auto_converge=True))
qmp.ok('migrate-set-parameters', **{'max-bandwidth': 30 << 20, 'x-downtime-ms': 0.5})
qmp.ok('migrate', uri=uri)


def throttled():
    now = qmp.ok('query-migrate')
    return now if 'cpu-throttle-percentage' in now else None


now = until('the first step of throttling', throttled, 60)
check(now['cpu-throttle-percentage'] >= 30, now)
# With more of a downtime it comes to its end.
qmp.ok('migrate-set-parameters', **{'max-bandwidth': 0, 'downtime-limit': 300})
qmp.ok('migrate-set-parameters', **{'max-cpu-throttle': 99})
now = qmp.wait_status('completed', 'failed', seconds=60)
check(now['status'] == 'completed' and now['downtime'] <= 1000 and now['ram']['remaining'] == 0, now)
check(now['ram']['downtime-bytes'] + now['ram']['precopy-bytes'] == now['ram']['transferred'], now)
check(not qmp.states, f'events that nobody wanted: {qmp.states}')
beats(there, 2)
# It doesn't run here again but by force.
qmp.no('--force', 'cont')
qmp.no('elsewhere', 'system_reset')
qmp.no('handed over', 'migrate', uri=uri)
papyr('stop', 'there')
there.wait_for_status(0)
papyr('resume', 'here', status=1)
papyr('resume', '--force', 'here')
beats(guest, 2)

# By the command, which says in JSON what became of it; events as they come.
there = Guest(['run', '--incoming', uri, '--name', 'there'])
wait_listening(uri)
qmp.ok('migrate-set-capabilities', **qmp.set(events=True))
code, value, said = migrate('here', uri, '--throttle', '60', '--downtime-ms', '100', '--keep')
check(code == 0 and value['status'] == 'completed' and value['downtime'] <= 200, f'{said} {value}')
qmp.wait_states('setup', 'active', 'device', 'completed')
check({c['capability']: c['state'] for c in qmp.ok('query-migrate-capabilities')}['auto-converge'], 'no throttling')
papyr('stop', 'here')
guest.wait_for_status(0)
beats(there, 2)

# Into a file, and out of it.
image = os.path.join(folder, 'file')
code, value, said = migrate('there', f'file:{image}', '--keep')
check(code == 0, said)
check(status('there') == 'postmigrate', status('there'))
check('--force' in papyr('resume', 'there', status=1)[1], 'no word of --force')
papyr('stop', 'there')
there.wait_for_status(0)
guest = Guest(['run', '--incoming', f'file:{image}'])  # it keeps its name
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
mover = Guest(['migrate', 'there', f'exec:python3 {relay}', '--downtime-ms', '500'])
mover.expect(r'The guest is at exec:.* s in all, [\d.]+ ms standing still, \d+ passes, [\d.]+ MiB sent\.')
mover.wait_for_status(0)
rows = [row.split('\x1b')[0] for line in mover.text.split('\n') for row in line.split('\r')]
check(all(len(row) < 80 for row in rows if not row.startswith('The guest')), rows)
guest.wait_for_status(0)
beats(there, 2)
check(late.ok('query-status')['status'] == 'running', 'not running')
papyr('stop', 'late')
there.wait_for_status(0)
