#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The control socket and the verbs that use it, on the built-in guest."""
import fcntl
import json
import os
import socket
import termios

from papyrtest import Guest, Qmp, check, papyr, until, workdir

folder = workdir()
guest = Guest(['run', '--name', 'qmp', '-p', 'storm', '-c', '2', '-m', '64M'])
guest.expect('memory as it should be', 60)



def refused(answer, word, error_class='GenericError'):
    error = answer.get('error', {})
    check(error.get('class') == error_class and word in error.get('desc', ''), f'{answer}, not {word!r}')


qmp = Qmp('qmp')
check('QMP' in qmp.greeting and 'version' in qmp.greeting['QMP'], f'no greeting: {qmp.greeting}')
check(qmp.execute('query-status')['error']['class'] == 'CommandNotFound', 'commands before qmp_capabilities')
refused(qmp.execute('qmp_capabilities', enable=['oob']), 'no capability')
refused(qmp.execute('qmp_capabilities', x=1), "'x' is unexpected")
check(qmp.ok('qmp_capabilities', enable=[]) == {}, 'qmp_capabilities')
refused(qmp.execute('qmp_capabilities'), 'already', 'CommandNotFound')
check(qmp.ok('query-status')['status'] == 'running', 'not running')
cpus = qmp.ok('query-cpus-fast')
check(len(cpus) == 2 and cpus[0]['cpu-index'] == 0, f'query-cpus-fast: {cpus}')

# An id comes back; nonsense gives an error and the socket lives on.
check(qmp.raw('{"execute": "query-status", "id": 42}\n').get('id') == 42, 'the id does not come back')
check(qmp.raw('{"id": {"a": [1, "x", null]}, "execute": "query-name"}')['id'] == {'a': [1, 'x', None]}, 'an object as id')
check(qmp.raw('{"execute": "no-such-command", "id": "e"}')['id'] == 'e', 'an error without its id')
check('id' not in qmp.raw('{"execute": "query-name"}'), 'an id that nobody gave')
refused(qmp.execute('no-such-command'), 'no-such-command', 'CommandNotFound')
refused(qmp.raw('{"execute": 7}\n'), 'execute')
refused(qmp.raw('{}\n'), 'execute')
refused(qmp.raw('{"execute": "query-status", "more": 1, "id": 1}\n'), "'more'")
refused(qmp.raw('{"execute": "query-status", "arguments": [1]}\n'), 'arguments')
refused(qmp.raw('{"execute": "query-status", "execute": "stop"}\n'), 'JSON')
refused(qmp.raw('{"execute": "stop" "id"}\n'), 'JSON')
refused(qmp.raw('[{"execute": "stop"}]\n'), 'object')
refused(qmp.raw('stop\n'), 'object')
# A string doesn't go on in the next line: what follows is understood.
refused(qmp.raw('{"execute": "query-status}\n'), 'string')
check(qmp.ok('query-status')['status'] == 'running', 'a command that was none was obeyed')
check('error' in qmp.raw('{]}\n'), 'broken JSON')
# What follows a mistake may be taken for more of them; the next good command is understood.
answer = qmp.raw('{"execute": "query-status", "id": "after"}\n')
while answer.get('id') != 'after':
    answer = qmp.receive()
check(answer['return']['running'] is True, 'not running any more')
# Arguments that a command has not, of another type, and too few.
refused(qmp.execute('query-status', now=True), "'now' is unexpected")
refused(qmp.execute('stop', really=True), "'really' is unexpected")
refused(qmp.execute('getfd'), "'fdname' is missing")
refused(qmp.execute('getfd', fdname=5), "'fdname' must be a string")
refused(qmp.execute('getfd', fdname='none'), 'no descriptor')
refused(qmp.execute('x-save', path='/nowhere', quit='yes'), "'quit' must be true or false")
refused(qmp.execute('x-htab', fdname='none', follow=1), "'follow'")
refused(qmp.execute('x-stats', registers=0), "'registers'")
check(qmp.ok('x-stats', registers=True)['vcpus'], 'x-stats')
check(qmp.ok('query-status', **{})['status'] == 'running', 'not running')
# A command in pieces, and two at once.
def all_read():
    """Nothing that was sent waits to be read."""
    left = bytearray(4)
    fcntl.ioctl(qmp.socket, termios.TIOCOUTQ, left)
    return not any(left)


qmp.socket.sendall(b'{"execute": "query-')
until('the first piece at the other end', all_read)
check('return' in qmp.raw('status"}\n'), 'a command in two pieces')
check('return' in qmp.raw('{"execute": "query-status"}{"execute": "query-name"}\n'), 'two commands at once')
check('return' in qmp.receive(), 'the second of two commands')

# Of descriptors that come in one message one is kept, and no message leaves any behind.
def descriptors():
    return len(os.listdir(f'/proc/{guest.process.pid}/fd'))


with open(os.path.join(folder, 'table'), 'w+b') as table:
    before = descriptors()
    for n in range(8):
        socket.send_fds(qmp.socket, [b'{"execute": "query-name"}'], [table.fileno()] * (n + 1))
        check('return' in qmp.receive(), 'query-name with descriptors')
    check(descriptors() == before + 1, f'{descriptors() - before} descriptors of 36 are still there')
    # The table's stream goes into a file; nobody waits for one who doesn't read a pipe.
    socket.send_fds(qmp.socket, [b'{"execute": "getfd", "arguments": {"fdname": "t"}}'], [table.fileno()] * 2)
    check('return' in qmp.receive(), 'getfd')
    check(qmp.ok('x-htab', fdname='t', follow=True)['order'] >= 18, 'x-htab')
    check(os.fstat(table.fileno()).st_size > 0, 'no stream of a table')
    check(descriptors() == before + 1, 'x-htab leaves a descriptor behind')  # its own to follow the table by
pipe = os.pipe()
socket.send_fds(qmp.socket, [b'{"execute": "getfd", "arguments": {"fdname": "p"}}'], pipe[1:])
check('return' in qmp.receive(), 'getfd')
refused(qmp.execute('x-htab', fdname='p'), 'regular file')
refused(qmp.execute('x-tlb'), 'papyr htab')

# A second client has its own greeting and hears of events.
other = Qmp('qmp')
other.ok('qmp_capabilities')
qmp.ok('stop')
other.wait_event('STOP')
check(qmp.ok('query-status') ['status'] == 'paused', 'not paused')
while guest.pump(0.3) and len(guest.text) > guest.seen:
    guest.seen = len(guest.text)
guest.pump(1)
check(len(guest.text) == guest.seen, 'a stopped guest goes on')
qmp.ok('cont')
other.wait_event('RESUME')
guest.expect('memory as it should be')

# The verbs.
check('qmp' in papyr('list')[0].decode(), 'list does not know the guest')
check(any(g.get('name') == 'qmp' for g in json.loads(papyr('list', '--json')[0])), 'list --json')
check(json.loads(papyr('info', 'qmp', '--json')[0]), 'info --json')
papyr('pause', 'qmp')
check(qmp.ok('query-status')['status'] == 'paused', 'pause')
papyr('resume', 'qmp')
check(qmp.ok('query-status')['status'] == 'running', 'resume')
check(papyr('htab', 'stat', 'qmp')[0], 'htab stat says nothing')
check(papyr('htab', 'dump', 'qmp')[0], 'htab dump says nothing')
for verb in ('info', 'pause', 'resume', 'stop'):
    check('nobody' in papyr(verb, 'nobody', status=1)[1], f'{verb} of a guest that is not there')
second = Guest(['run', '--name', 'qmp', '-m', '64M'])
second.wait_for_status(1, 20)
check('qmp' in second.text, f'one name twice: {second.text}')
check('number must follow' in papyr('migrate', 'qmp', 'fd:abc', status=1)[1], 'migrate fd:abc')
check('no such descriptor' in papyr('migrate', 'qmp', 'fd:77', status=1)[1], 'migrate fd:77')
# One who has no time for new connections is there too.
busy = socket.socket(socket.AF_UNIX)
busy.bind(os.path.join(folder, 'papyr', 'busy.sock'))
busy.listen(0)
waiting = []
while True:
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(False)
    waiting.append(one)
    if one.connect_ex(busy.getsockname()):
        break
second = Guest(['run', '--name', 'busy', '-m', '64M'])
second.wait_for_status(1, 20)
check("'busy' is running" in second.text, second.text)
busy.close()

guest.seen = len(guest.text)
papyr('stop', 'qmp')
guest.wait_for_status(0)
check(not os.path.exists(os.path.join(folder, 'papyr', 'qmp.sock')), 'the socket is left behind')
check('qmp' not in papyr('list')[0].decode(), 'list knows a guest that is gone')
