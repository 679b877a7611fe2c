#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr oci, as conmon calls it: a container's whole life, its mounts, terminal and limits, further commands in it, pauses, and what is refused.

test_oci.py podman: by podman itself, with an image made of busybox, if it is there and may run here.
"""
import contextlib
import ctypes
import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

from papyrtest import BUILT, Guest, PAPYR, PATIENCE, check, fetch, skip, until, workdir

PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None)

fetch('virtio')
folder = workdir()
states, bundle = os.path.join(folder, 'states'), os.path.join(folder, 'bundle')
root = os.path.join(bundle, 'rootfs')
program = os.path.join(folder, 'papyr-oci')
os.symlink(os.path.abspath(PAPYR), program)
os.makedirs(os.path.join(root, 'bin'))
shutil.copy(fetch('busybox'), os.path.join(root, 'bin', 'busybox'))
for name in ('sh', 'id', 'cat', 'sleep', 'touch', 'stty', 'uname', 'hostname', 'nproc', 'grep', 'ls', 'true', 'nc', 'ip', 'ping'):
    os.symlink('busybox', os.path.join(root, 'bin', name))
OPTIONS = ['--runtime', program, '--cgroup-manager', 'cgroupfs', '--events-backend', 'file']  # podman's
libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def oci(*args, wanted=0, word='', **more):
    got = subprocess.run([program, '--root', states, *args], capture_output=True, text=True, timeout=60 * PATIENCE, **more)
    check(got.returncode == wanted and word in got.stderr and bool(word) == bool(got.stderr), f'{args}: {got}')
    return got.stdout


def configure(*args, change=None, **process):
    """A config.json, which @change may spoil."""
    config = {
        'ociVersion': '1.0.2',
        'process': {'args': list(args), 'env': ['PATH=/bin'], 'cwd': '/', 'user': {'uid': 0, 'gid': 0}, **process},
        'root': {'path': 'rootfs'},
        'hostname': 'box',
        'mounts': [{'destination': '/proc', 'type': 'proc', 'source': 'proc'}],
        'annotations': {'org.example.key': 'value'},
        'linux': {'namespaces': [{'type': 'pid'}, {'type': 'network'}]},
    }
    if change:
        change(config)
    with open(os.path.join(bundle, 'config.json'), 'w', encoding='utf-8') as f:
        json.dump(config, f)


class Container:
    """One that was created, by who waits for its process as for a child."""

    def __init__(self, name, *more, streams=True, under=()):
        self.name = name
        self.out, out = os.pipe() if streams else (-1, subprocess.DEVNULL)
        pid_file = os.path.join(folder, 'pid')
        # Its streams are the caller's: a pipe for the errors of create would stay open, too.
        made = subprocess.run([*under, program, '--root', states, 'create', '--bundle', bundle, '--pid-file', pid_file, *more, name],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=60 * PATIENCE, check=False)
        if streams:
            os.close(out)
        with os.fdopen(self.out, closefd=False) if made.returncode else open(os.devnull, encoding='utf-8') as f:
            check(not made.returncode, f'create: {f.read()}')
        with open(pid_file, encoding='utf-8') as f:
            self.pid = int(f.read())

    def status(self):
        return json.loads(oci('state', self.name))['status']

    def line(self, wanted):
        """Reads up to the end of a line."""
        got = b''
        while not got.endswith(b'\n'):
            byte = os.read(self.out, 1)
            check(byte, f'it said {got!r} and ended')
            got += byte
        check(got.decode() == wanted, f'it said {got!r}')

    def ends(self, status, out=''):
        with os.fdopen(self.out, closefd=True) as f:
            said = f.read()
        got = os.waitpid(self.pid, 0)[1]
        check((os.waitstatus_to_exitcode(got), said) == (status, out), f'status {got:#x}, {said!r}')
        check(self.status() == 'stopped', 'it is not stopped')
        oci('delete', self.name)
        check(not os.listdir(states), 'something is left of it')


def run(name, status, out, *more):
    c = Container(name, *more)
    oci('start', name)
    c.ends(status, out)


def life():
    configure('sh', '-c', 'echo $(uname -m) $(hostname); trap "echo caught; exit 5" TERM; sleep 1000 & wait')
    c = Container('one')
    state = json.loads(oci('state', 'one'))
    check(state == {'ociVersion': '1.0.2', 'id': 'one', 'status': 'created', 'pid': c.pid, 'bundle': bundle,
                    'annotations': {'org.example.key': 'value'}}, f'its state is {state}')
    oci('create', '--bundle', bundle, 'one', wanted=1, word="a container 'one' already")
    oci('delete', 'one', wanted=1, word='is created')
    oci('start', 'one')
    c.line('ppc64le box\n')
    check(c.status() == 'running', 'it is not running')
    oci('start', 'one', wanted=1, word='is running, not created')
    oci('kill', 'one', 'NOSUCH', wanted=1, word="no signal 'NOSUCH'")
    oci('kill', 'one', 'STOP', wanted=1, word="can't be sent")
    oci('kill', '--all', 'one', '15')
    c.ends(5, 'caught\n')
    os.mkdir(os.path.join(folder, 'gone'))
    oci('create', 'one', wanted=1, word='--bundle .: No such file', cwd=os.path.join(folder, 'gone'),
        preexec_fn=lambda: os.rmdir(os.path.join(folder, 'gone')))
    oci('state', 'one', wanted=1, word="no container 'one'")
    oci('delete', 'one', wanted=1, word="no container 'one'")
    oci('delete', '--force', 'one')


def until_idle(pid):
    """A process that waits for something uses no time of the processor's."""
    def used():
        with open(f'/proc/{pid}/stat', encoding='utf-8') as f:
            return sum(map(int, f.read().rsplit(')', 1)[1].split()[11:13]))

    def is_idle():
        before = used()
        time.sleep(0.5)
        return used() == before
    until('its process to wait', is_idle)


def ends():
    configure('sleep', '1000')
    c = Container('killed')
    oci('start', 'killed')
    oci('kill', 'killed', 'KILL')
    c.ends(-signal.SIGKILL)
    c = Container('never-begun')
    oci('kill', 'never-begun', 'SIGTERM')
    c.ends(128 + signal.SIGTERM)
    # Who comes to start it and goes without a word leaves it waiting, and not busy.
    c = Container('half-started')
    with open(os.path.join(states, 'half-started', 'start'), 'wb'):
        pass
    until_idle(c.pid)
    check(c.status() == 'created', 'it was started')
    oci('start', 'half-started')
    oci('delete', '--force', 'half-started')
    os.waitpid(c.pid, 0)
    c = Container('forced')
    oci('start', 'forced')
    oci('delete', '--force', 'forced')
    check(os.waitpid(c.pid, 0)[1] == signal.SIGKILL and not os.listdir(states), 'it was not deleted')
    configure('nosuch')
    run('nosuch', 127, 'papyr: oci: nosuch: No such file or directory\n')


def reused_number():
    """Its process ends, and another gets its number, when the signal is already on its way."""
    configure('sleep', '1000')
    c = Container('reused')
    with open(f'/proc/{c.pid}/stat', encoding='utf-8') as f:
        check(f.read().split()[0] == str(c.pid), 'numbers here are of another namespace')
    stopped = subprocess.Popen([program, '--root', states, 'kill', 'reused', 'KILL'], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, 'LD_PRELOAD': os.path.join(BUILT, 'stop_before_kill.so')})
    check(os.WIFSTOPPED(os.waitpid(stopped.pid, os.WUNTRACED)[1]), 'it did not come to the signal')
    os.kill(c.pid, signal.SIGKILL)
    os.waitpid(c.pid, 0)
    bystander = 0
    for _ in range(100):
        with open('/proc/sys/kernel/ns_last_pid', 'w', encoding='utf-8') as f:
            f.write(str(c.pid - 1))
        bystander = os.posix_spawn('/bin/sleep', ['sleep', '1000'], os.environ)
        if bystander == c.pid:
            break
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)
    os.kill(stopped.pid, signal.SIGCONT)
    if bystander == c.pid:
        check('No such process' in stopped.communicate(timeout=60 * PATIENCE)[1] and stopped.returncode == 1, 'nobody was told')
        check(os.waitpid(bystander, os.WNOHANG) == (0, 0), 'a bystander was killed')
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)
    else:
        print('the number was never to be had again')
        stopped.communicate()
    oci('delete', '--force', 'reused')


def mounts():
    given, away = os.path.join(bundle, 'given'), os.path.join(folder, 'away')
    os.mkdir(given)
    os.makedirs(away)
    with open(os.path.join(bundle, 'file'), 'w', encoding='utf-8') as f:
        f.write('a file\n')
    os.symlink(away, os.path.join(root, 'link'))  # out of the root: from within it leads nowhere

    def change(c):
        c['mounts'] += [
            {'destination': '/data/deep', 'type': 'bind', 'source': 'given', 'options': ['rbind', 'rw']},
            {'destination': '/fixed', 'type': 'bind', 'source': given, 'options': ['bind', 'ro']},
            {'destination': '/etc/file', 'type': 'bind', 'source': 'file', 'options': ['bind']},
            {'destination': '/tmp/given', 'type': 'bind', 'source': given, 'options': ['bind']},
            {'destination': '/memory', 'type': 'tmpfs', 'source': 'tmpfs'},
            {'destination': '/dev/shm', 'type': 'bind', 'source': given, 'options': ['bind']},
        ]
    configure('sh', '-c', 'cat /etc/file; touch /data/deep/made /memory/gone /kept; ls /tmp/given /memory; touch /fixed/x 2>&1; id -u; id -G; umask',
              user={'uid': 1000, 'gid': 1000, 'additionalGids': [7, 70000], 'umask': 0o27}, change=change)
    os.chmod(given, 0o777)
    os.chmod(root, 0o777)
    c = Container('mounts')
    oci('start', 'mounts')
    c.ends(0, 'a file\n/memory:\ngone\n\n/tmp/given:\nmade\ntouch: /fixed/x: Read-only file system\n1000\n1000 7 70000\n0027\n')
    check(os.listdir(given) == ['made'] and os.listdir(os.path.join(root, 'memory')) == [], 'files are elsewhere')
    check(os.path.exists(os.path.join(root, 'kept')), 'a change of the root was lost')

    def escape(c):
        c['mounts'].append({'destination': '/link/in', 'type': 'bind', 'source': given, 'options': ['bind']})
    configure('true', change=escape)
    oci('create', '--bundle', bundle, 'escape', wanted=1, word='mount /link/in')
    check(not os.listdir(away), 'a link led out of the root')
    os.unlink(os.path.join(root, 'link'))


def limits():
    def change(c):
        c['root']['readonly'] = True
        c['linux']['resources'] = {'memory': {'limit': 300 << 20}, 'cpu': {'quota': 150000, 'period': 100000}}
    configure('sh', '-c', 'touch /x 2>&1; while read n v u; do [ $n != MemTotal: ] || echo $((v < 320000 && v > 200000)); done '
              '</proc/meminfo; nproc; ls /sys/class/net', change=change)
    run('limits', 0, f'touch: /x: Read-only file system\n1\n{min(2, os.cpu_count())}\nlo\n')


def joined():
    """Further commands beside the container's own."""
    configure('sh', '-c', 'echo on; sleep 1000 & wait', env=['PATH=/bin', 'WHAT=container'])
    c = Container('joined')
    oci('exec', 'joined', 'true', wanted=1, word='is created, not running')
    no_lock = os.path.join(states, 'joined', 'exec', '0.lock')
    os.mkdir(no_lock)
    oci('start', 'joined')
    c.line('on\n')
    oci('exec', 'joined', 'true', wanted=125, word=f'{no_lock}: Is a directory')
    os.rmdir(no_lock)
    check(oci('exec', 'joined', 'sh', '-c', 'echo $WHAT $(hostname) $(id -u); touch /tmp/seen; exit 9', wanted=9) == 'container box 0\n', 'exec')
    check(oci('exec', '--env', 'WHAT=else', '--user', '5:6', '--cwd', '/tmp', 'joined', 'sh', '-c', 'echo $WHAT $(id -u); ls', ) ==
          'else 5\nseen\n', 'another variable, user and folder')
    check(oci('exec', 'joined', 'cat', input='through\n') == 'through\n', 'its input')
    oci('exec', 'joined', 'nosuch', wanted=127, word='nosuch: No such file')
    oci('exec', 'joined', 'sh', '-c', 'kill -9 $$', wanted=137)
    oci('exec', 'joined', 'sh', '-c', 'yes | head -c 400000; yes >&2 & exit 3', wanted=3, word='y')
    # What it leaves running stays, and keeps nobody waiting.
    oci('exec', 'joined', 'sh', '-c', 'exec sleep 2000 >/dev/null 2>&1 & true')
    check('2000' in oci('exec', 'joined', 'sh', '-c', 'cat /proc/[0-9]*/cmdline'), 'what was left running is gone')
    process, pid_file = os.path.join(folder, 'process'), os.path.join(folder, 'exec-pid')

    def write(*args, **more):
        with open(process, 'w', encoding='utf-8') as f:
            json.dump({'args': args, 'env': ['PATH=/bin'], 'cwd': '/', 'user': {'uid': 1, 'gid': 1}, **more}, f)

    def detached(*more):
        # Its streams are the caller's: pipes of ours would stay open.
        got = subprocess.run([program, '--root', states, 'exec', '--pid-file', pid_file, '--process', process, '--detach', *more, 'joined'],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60 * PATIENCE, check=False)
        check(not got.returncode, f'exec --detach {more}: {got}')
        with open(pid_file, encoding='utf-8') as f:
            return int(f.read())

    def status(pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    write('sh', '-c', 'id -u >/tmp/who; exit 4')
    check(status(detached()) == 4 and oci('exec', 'joined', 'cat', '/tmp/who') == '1\n', 'detached')
    write('nosuch')
    oci('exec', '--process', process, '--detach', 'joined', wanted=1, word='nosuch: No such file')
    write('sleep', '3000')
    four = [detached() for _ in range(4)]
    oci('exec', 'joined', 'true', wanted=125, word='no more than 4')
    os.kill(four[0], signal.SIGTERM)
    check(status(four[0]) == 128 + signal.SIGTERM, 'SIGTERM did not reach it')
    oci('exec', 'joined', 'true')
    for pid in four[1:]:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    until('the end of those whose caller is gone', lambda: '3000' not in oci('exec', 'joined', 'sh', '-c', 'cat /proc/[0-9]*/cmdline'))
    for i in range(10):
        oci('exec', 'joined', 'sh', '-c', f'exit {i}', wanted=i)
    path = os.path.join(folder, 'exec-console')
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        write('sh', '-c', 'stty size; read line; echo "<$line>"', terminal=True)
        oci('exec', '--process', process, '--detach', 'joined', wanted=1, word='no --console-socket')
        pid = detached('--console-socket', path)
        data, (master,), _, _ = socket.recv_fds(listener.accept()[0], 100, 1)
    os.write(master, b'typed\r')
    got = b''
    try:
        while True:
            got += os.read(master, 1000)
    except OSError:
        pass
    check(b'<typed>' in got and status(pid) == 0, f'the terminal shows {got!r}')
    # It stands still, and goes on.
    oci('resume', 'joined', wanted=1, word='is running, not paused')
    oci('pause', 'joined')
    check(c.status() == 'paused', 'it is not paused')
    oci('exec', 'joined', 'true', wanted=1, word='is paused')
    oci('pause', 'joined', wanted=1, word='is paused')
    oci('resume', 'joined')
    check(c.status() == 'running' and oci('exec', 'joined', 'id', '-u') == '0\n', 'it does not go on')
    oci('pause', 'joined')
    oci('kill', 'joined', 'KILL')
    c.ends(-signal.SIGKILL)


def terminal():
    path = os.path.join(folder, 'console')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    configure('sh', '-c', 'stty size; read line; echo "<$line>"', terminal=True)
    oci('create', '--bundle', bundle, 'terminal', wanted=1, word='no --console-socket')
    c = Container('terminal', '--console-socket', path, streams=False)
    data, fds, _, _ = socket.recv_fds(listener.accept()[0], 100, 1)
    check(len(fds) == 1 and data, 'no terminal came')
    fcntl.ioctl(fds[0], termios.TIOCSWINSZ, struct.pack('HHHH', 33, 99, 0, 0))
    oci('start', 'terminal')
    got = b''
    while b'33 99' not in got:
        got += os.read(fds[0], 1000)
    os.write(fds[0], b'typed\r')
    try:
        while True:
            got += os.read(fds[0], 1000)
    except OSError:  # its end
        pass
    check(b'<typed>' in got, f'the terminal shows {got!r}')
    check(os.waitpid(c.pid, 0)[1] == 0, 'it failed')
    oci('delete', 'terminal')
    configure('true')
    oci('create', '--bundle', bundle, '--console-socket', path, 'none', wanted=1, word='wants no terminal')


def namespaces():
    """A folder that may not be used for all, and a user who may not change that: podman's without root."""
    given = os.path.join(bundle, 'guarded')
    os.mkdir(given)
    configure('sh', '-c', 'cat /given/file; touch /given/x', change=lambda c: c['mounts'].append(
        {'destination': '/given', 'type': 'bind', 'source': given, 'options': ['bind', 'ro']}))
    mount = f'mount -t tmpfs -o nosuid,nodev,noexec,mode=777 guarded {given}; echo guarded >{given}/file; exec unshare -U -r "$@"'
    c = Container('guarded', under=['unshare', '-m', 'sh', '-ec', mount, 'sh'])
    oci('start', 'guarded')
    c.ends(1, 'guarded\ntouch: /given/x: Read-only file system\n')


@contextlib.contextmanager
def within(network):
    """This thread, and what it starts, is in another's network namespace."""
    own, there = (os.open(path, os.O_RDONLY) for path in ('/proc/thread-self/ns/net', network))
    check(not libc.setns(there, CLONE_NEWNET), f'{network} cannot be entered')
    try:
        yield
    finally:
        check(not libc.setns(own, CLONE_NEWNET), 'no way back')
        os.close(own)
        os.close(there)


def networks():
    """Interfaces with addresses of both kinds: each is a card of the guest's, which is reached by all, and finds its way out."""
    def ip(*args):
        subprocess.run(['ip', *args], check=True)

    def new():
        holder = subprocess.Popen(['unshare', '-n', 'sleep', '1000'])
        path = f'/proc/{holder.pid}/ns/net'
        until('its namespace', lambda: os.readlink(path) != os.readlink('/proc/self/ns/net'))
        return holder, path
    (holder, box), (other, peer) = new(), new()

    def pair(name, *addresses):
        """An interface, and the other end of its wire, whose addresses end in 1."""
        with within(box):
            ip('link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', str(other.pid))
        for place, last in (box, '2'), (peer, '1'):
            with within(place):
                for a in addresses:
                    ip('address', 'add', a.replace('*', last), 'dev', name, *(['nodad'] if ':' in a else []))
                ip('link', 'set', name, 'up')
    pair('eth0', '10.89.5.*/24', 'fd05::*/64')
    pair('eth1', 'fd06::*/64')
    pair('eth2', '10.89.7.*/24')
    with within(box):
        ip('route', 'add', 'default', 'via', '10.89.5.1')
        ip('route', 'add', 'default', 'via', 'fd05::1')
    with within(peer):
        for a in '192.0.2.1/32', '2001:db8::1/128':
            ip('address', 'add', a, 'dev', 'lo')
        ip('link', 'set', 'lo', 'up')

    def change(config):
        config['linux']['namespaces'] = [{'type': 'network', 'path': box}]
    configure('sh', '-c', 'while :; do echo served | nc -l -p 80; done', change=change)
    c = Container('networks')
    oci('start', 'networks')
    with within(peer):
        for a in '10.89.5.2', 'fd05::2', 'fd06::2', '10.89.7.2':
            check(answer(a, 80) == b'served\n', f'{a} leads elsewhere')
    with within(box):
        for a in '10.89.5.2', '10.89.7.2':
            check(answer(a, 80) == b'served\n', f'{a} is not reached from its own namespace')
    said = oci('exec', 'networks', 'ip', 'address')
    for a in '10.89.5.2/24', 'fd05::2/64', 'fd06::2/64', '10.89.7.2/24':
        check(f' {a} ' in said, f'no {a}: {said}')
    for a in '10.89.7.1', 'fd06::1', '192.0.2.1', '2001:db8::1':
        check(' 0% packet loss' in oci('exec', 'networks', 'ping', '-c', '1', '-w', '30', a), f'no way to {a}')
    oci('kill', 'networks', 'KILL')
    c.ends(-signal.SIGKILL)
    for n in range(9):
        pair(f'more{n}', f'10.90.{n}.*/24')
    oci('create', '--bundle', bundle, 'many', wanted=1, word='can have 8 networks, and there is more8')
    for h in holder, other:
        h.kill()
        h.wait()


def foreign_folders():
    theirs = os.path.join(folder, 'theirs')
    os.mkdir(theirs)
    os.chmod(theirs, 0o777)
    for args in (['state', 'x'], ['create', '--bundle', bundle, 'x']):
        got = subprocess.run([program, '--root', theirs, *args], capture_output=True, text=True, check=False)
        check(got.returncode == 1 and 'not a folder of yours alone' in got.stderr, f'{args}: {got}')
    os.chmod(theirs, 0o700)
    os.symlink(theirs, os.path.join(folder, 'led'))
    got = subprocess.run([program, '--root', os.path.join(folder, 'led'), 'state', 'x'], capture_output=True, text=True, check=False)
    check('not a folder of yours alone' in got.stderr, f'a link: {got}')
    if not os.getuid():
        os.chown(theirs, 12345, 12345)
        got = subprocess.run([program, '--root', theirs, 'kill', 'x'], capture_output=True, text=True, check=False)
        check('not a folder of yours alone' in got.stderr, f'somebody else\'s: {got}')
    check(not os.listdir(theirs), 'something was made there')


def spoil(*path, value):
    def change(config):
        for key in path[:-1]:
            config = config[key]
        config[path[-1]] = value
    return change


def refused():
    log = os.path.join(folder, 'log')
    for change, word in [
            (spoil('ociVersion', value='2.0.0'), 'ociVersion'),
            (spoil('hooks', value={'prestart': [{'path': '/bin/true'}]}), 'hooks (prestart)'),
            (spoil('linux', 'uidMappings', value=[{'hostID': 1}]), 'uidMappings'),
            (spoil('process', 'args', value=[]), 'process.args'),
            (spoil('process', 'args', value=['a', 1]), 'process.args'),
            (spoil('process', 'cwd', value='here'), 'process.cwd'),
            (spoil('process', 'user', value={'uid': 1 << 32, 'gid': 5}), 'process.user.uid'),
            (spoil('process', 'user', value={'uid': 5, 'gid': -1}), 'process.user.uid or gid'),
            (spoil('process', 'user', value={'uid': 5, 'gid': 5, 'umask': 0o1000}), 'process.user.umask'),
            (spoil('process', 'user', value={'uid': 5, 'gid': 5, 'additionalGids': ['5']}), 'additionalGids'),
            (spoil('process', 'user', value={'uid': 5, 'gid': 5, 'additionalGids': [5] * 65}), 'more than 64 additionalGids'),
            (spoil('root', value={}), 'root.path'),
            (spoil('root', 'path', value='nowhere'), 'root.path nowhere'),
            (spoil('hostname', value='x' * 65), 'hostname'),
            (spoil('mounts', value=[{'type': 'bind'}]), 'destination'),
            (spoil('mounts', value=[{'destination': '/x', 'type': 'nfs'}]), 'no nfs'),
            (spoil('mounts', value=[{'destination': '/x', 'type': 'bind', 'source': 'nosuch'}]), 'nosuch'),
            (spoil('linux', 'namespaces', value=[{'type': 'network', 'path': '/nowhere/net'}]), '/nowhere/net'),
    ]:
        configure('true', change=change)
        oci('--log', log, '--log-format', 'json', 'create', '--bundle', bundle, 'bad', wanted=1, word=word)
        with open(log, encoding='utf-8') as f:
            line = json.loads(f.readlines()[-1])
        check(line['level'] == 'error' and word in line['msg'], f'the log says {line}')
        check(not os.path.exists(states) or not os.listdir(states), f'{word}: something is left of it')
    with open(os.path.join(bundle, 'config.json'), 'w', encoding='utf-8') as f:
        f.write('{"ociVersion": ')
    oci('create', '--bundle', bundle, 'bad', wanted=1, word='line 1')
    oci('create', '--bundle', os.path.join(folder, 'nowhere'), 'bad', wanted=1, word='nowhere')
    configure('true')
    for name in ('..', '.x', 'a/b', '', 'x' * 300):
        oci('create', '--bundle', bundle, name, wanted=1, word="can't be a container's name")
    oci('ps', 'x', wanted=1, word="'ps'")
    oci('exec', 'x', 'true', wanted=1, word="no container 'x'")
    oci('exec', 'x', wanted=1, word="no container 'x'")
    oci('state', wanted=1, word="'state'")
    oci(wanted=1, word='no verb')
    check('spec: 1.0.2' in oci('--version'), 'no version')


def umoci_image(files):
    """A layout with an image of ours, LAYOUT:TAG."""
    layout, unpacked = os.path.join(files, 'layout'), os.path.join(files, 'unpacked')
    image = f'{layout}:box'
    for words in (['init', '--layout', layout], ['new', '--image', image],
                  ['config', '--image', image, '--architecture', 'ppc64le', '--os', 'linux', '--config.env', 'WHO=umoci', '--config.env',
                   'PATH=/bin', '--config.cmd', 'sh', '--config.cmd', '-c', '--config.cmd', 'echo $(uname -m) of $WHO'],
                  ['unpack', '--image', image, unpacked]):
        subprocess.run(['umoci', *words], check=True)
    shutil.copytree(os.path.join(root, 'bin'), os.path.join(unpacked, 'rootfs', 'bin'), symlinks=True)
    subprocess.run(['umoci', 'repack', '--image', image, unpacked], check=True)
    return image


def answer(address, port):
    """What a server in a container says, once it listens."""
    def ask():
        try:
            with socket.create_connection((address, port), timeout=20) as s:
                s.settimeout(20)
                return s.makefile('rb').read()
        except OSError:
            return b''
    return until(f'an answer from {address}:{port}', ask, 60)


def podmans_network(call):
    """Published ports, an address that others reach and that the container sees, and the way out, by a network that podman makes."""
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    call('run', '-d', '--name', 'web', '--network', 'bridge', '-p', f'127.0.0.1:{port}:80', 'box', 'sh', '-c',
         'while :; do echo served | nc -l -p 80; done')
    check(answer('127.0.0.1', port) == b'served\n', 'the published port leads elsewhere')
    address, gateway = call('inspect', '-f', '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}}', 'web').split()
    check(answer(address, 80) == b'served\n', "the container's address leads elsewhere")
    check(f'inet {address}/' in call('exec', 'web', 'ip', 'address', 'show', 'eth0'), 'in the container it is another')
    with socket.create_server(('0.0.0.0', 0)) as out:
        out.settimeout(60 * PATIENCE)
        said = subprocess.Popen(['podman', *OPTIONS, 'run', '--rm', '--network', 'bridge', 'box', 'sh', '-c',
                                 f'echo out | nc {gateway} {out.getsockname()[1]}; echo beside | nc {address} 80'],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with out.accept()[0] as s:
            check(s.makefile('rb').readline() == b'out\n', 'what came out')
        check(said.communicate(timeout=60 * PATIENCE)[0] == 'served\n', 'one container does not reach another')
    call('rm', '-f', '-t', '0', 'web')
    # Two networks, one with IPv6 too.
    call('network', 'create', '--ipv6', 'six')
    call('run', '-d', '--name', 'both', '--network', 'bridge', '--network', 'six', 'box', 'sh', '-c', 'while :; do echo served | nc -l -p 80; done')
    for network in 'podman', 'six':
        for kind in ('IPAddress', 'GlobalIPv6Address')[:1 + (network == 'six')]:
            address = call('inspect', '-f', f'{{{{(index .NetworkSettings.Networks "{network}").{kind}}}}}', 'both').strip()
            check(answer(address, 80) == b'served\n', f"{network}'s {address} leads elsewhere")
    call('rm', '-f', '-t', '0', 'both')
    call('network', 'rm', 'six')


def podmans_terminal():
    """podman run -it: the size at the beginning, and later; what is typed; a key that signals."""
    def resize(rows, columns):
        fcntl.ioctl(p.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    p = Guest([*OPTIONS, 'run', '--rm', '-it', '--network', 'none', 'box', 'sh', '-c',
               'for s in "31 97" "44 111"; do until [ "$(stty size)" = "$s" ]; do sleep 1; done; echo is $s; done; read x; echo "<$x>"; '
               'trap over=1 INT; echo trapped; while [ -z "$over" ]; do sleep 1; done; exit 9'], program='podman')
    resize(31, 97)
    p.expect('is 31 97')
    resize(44, 111)
    p.expect('is 44 111')
    p.type('typed\r')
    p.expect('<typed>')
    p.expect('trapped')
    p.type('\x03')
    p.wait_for_status(9)


def podman():
    if os.getuid() or not shutil.which('podman'):
        skip('podman wants to be here, and root')
    files = os.path.join(folder, 'podman')
    os.mkdir(files)
    with open(os.path.join(files, 'storage.conf'), 'w', encoding='utf-8') as f:
        f.write(f'[storage]\ndriver = "vfs"\nrunroot = "{files}/run"\ngraphroot = "{files}/graph"\n')
    with open(os.path.join(files, 'containers.conf'), 'w', encoding='utf-8') as f:
        f.write(f'[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "{files}/networks"\n')
    os.environ['CONTAINERS_STORAGE_CONF'] = os.path.join(files, 'storage.conf')
    os.environ['CONTAINERS_CONF'] = os.path.join(files, 'containers.conf')
    OPTIONS.extend(['--tmpdir', os.path.join(files, 'tmp')])

    def call(*args, status=0, **more):
        print('$ podman ' + ' '.join(args), flush=True)
        got = subprocess.run(['podman', *OPTIONS, *args], capture_output=True, text=True, timeout=120 * PATIENCE, **more)
        check(got.returncode == status, f'{got}')
        return got.stdout

    if subprocess.run(['unshare', '-m', 'true'], check=False).returncode:
        skip('nobody may mount here')
    call('info')
    subprocess.run(['tar', '-C', root, '-cf', f'{files}/root.tar', 'bin'], check=True)
    call('import', '--arch', 'ppc64le', '--os', 'linux', f'{files}/root.tar', 'box')
    check(call('run', '--rm', '--network', 'none', '--hostname', 'abc', 'box', 'sh', '-c', 'uname -m; hostname; exit 7', status=7)
          == 'ppc64le\nabc\n', 'it ran elsewhere')
    shared = os.path.join(files, 'shared')
    os.mkdir(shared)
    check(call('run', '-i', '--rm', '--network', 'none', '-v', f'{shared}:/data', '-w', '/data', '-e', 'WHAT=made', 'box', 'sh', '-c',
               'cat >$WHAT', input='by podman\n') == '', 'it said something')
    with open(os.path.join(shared, 'made'), encoding='utf-8') as f:
        check(f.read() == 'by podman\n', 'another file')
    call('run', '-d', '--name', 'long', '--network', 'host', 'box', 'sh', '-c',
         'trap "echo stopped; exit 3" TERM; echo on; touch /kept; sleep 1000 & wait')
    until('its output', lambda: call('logs', 'long') == 'on\n', 60)
    check(call('exec', '-e', 'WHAT=more', 'long', 'sh', '-c', 'echo $WHAT; ls /kept; exit 6', status=6) == 'more\n/kept\n', 'exec')
    check(call('exec', '-i', 'long', 'cat', input='through\n') == 'through\n', 'exec -i')
    call('exec', 'long', 'nosuch', status=127)
    call('exec', '-d', 'long', 'sh', '-c', 'echo 1 >/by-exec')
    until('what exec -d made', lambda: 'A /by-exec' in call('diff', 'long'), 60)
    call('pause', 'long')
    check(call('inspect', '-f', '{{.State.Status}}', 'long') == 'paused\n', 'it is not paused')
    call('unpause', 'long')
    check(call('exec', 'long', 'id', '-u') == '0\n', 'it does not go on')
    call('stop', 'long')
    check(call('logs', 'long') == 'on\nstopped\n', 'other output')
    check(call('inspect', '-f', '{{.State.ExitCode}}', 'long') == '3\n', 'another exit status')
    check('A /kept' in call('diff', 'long'), 'its change is lost')
    call('rm', 'long')
    podmans_terminal()
    if any(os.path.exists(f'/usr/{place}/podman/netavark') for place in ('lib', 'libexec', 'local/libexec')):
        podmans_network(call)
    if shutil.which('umoci'):
        check(call('run', '--rm', '--network', 'none', 'oci:' + umoci_image(files)) == 'ppc64le of umoci\n', "umoci's image")


if sys.argv[1:] == ['podman']:
    podman()
else:
    for part, wants in ((refused, 'true'), (foreign_folders, 'true'), (life, 'true'), (ends, 'true'), (reused_number, f'test -w /proc/sys/kernel/ns_last_pid -a -e {BUILT}/stop_before_kill.so'), (mounts, 'unshare -m true'),
                        (namespaces, 'unshare -m unshare -U -r true'), (limits, 'true'), (joined, 'true'), (terminal, 'true'),
                        (networks, 'unshare -n sh -c "ip link add dev tried type bridge && test -w /dev/net/tun -a -e /proc/net/if_inet6"')):
        if subprocess.run(shlex.split(wants), check=False).returncode:
            print(f'{part.__name__}: not allowed here')
            continue
        print(f'---- {part.__name__}', flush=True)
        part()
    until('the end of its guests', lambda: not os.listdir(os.path.join(os.environ['XDG_RUNTIME_DIR'], 'papyr')))
