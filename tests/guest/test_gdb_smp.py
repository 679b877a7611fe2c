#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gdb on a guest of four vcpus: threads, steps of one while others run or stand still, accesses watched on all; beside
pauses; with a guest that is saved while gdb has stopped it, restored, and moved."""
import os
import re

from gdbtest import Gdb, need_gdb, symbols
from papyrtest import PROMPT, Guest, check, debian, fetch, papyr, until, workdir

LOOP = '(while :; do cat /proc/uptime; done) >/dev/null &'

need_gdb()
folder = workdir()
at = symbols('do_sys_openat2', 'jiffies')
do_sys_openat2 = at['do_sys_openat2'] + 8  # where those enter it that have its TOC already
guest = debian(folder, cpus='4', more=['--name', 'gdb'])
guest.expect(PROMPT, 90)


def connect(name='gdb'):
    where = papyr('gdb', name)[0].decode().split()[-1]
    return Gdb(where, fetch('kernel'))


def state(name='gdb'):
    return re.search(r'state: +(\S+)', papyr('info', name)[0].decode()).group(1)


def pcs(gdb):
    """Each vcpu's, as the hypervisor has them."""
    return re.findall(r'vcpu \d+ +pc (0x\w+)', gdb.do('monitor info'))


for _ in range(3):
    guest.command(LOOP)
gdb = connect()
check(state() == 'debug', 'it was not stopped')
gdb.expect('info threads', r'\* 1 .*\(vcpu 0\).*2 .*\(vcpu 8\).*3 .*\(vcpu 16\).*4 .*\(vcpu 24\)')
check(len(re.findall(r'(?m)^\$\d+ = ', gdb.do('thread apply all print $pc'))) == 4, 'not four threads')

# All who come by are stopped, each is told of.
gdb.do(f'break *{do_sys_openat2:#x}')
met = set()
for _ in range(40):
    met.add(gdb.expect('continue', r'Thread (\d) hit Breakpoint').group(1))
    check(gdb.value('$pc') == do_sys_openat2, 'it stopped elsewhere')
    if len(met) >= 3:
        break
check(len(met) >= 2, f'only threads {met} came by')

# A step moves one alone, with the others standing still.
gdb.do('delete')
gdb.do('set scheduler-locking on')
thread = int(re.search(r'\* (\d)', gdb.do('info threads')).group(1))
before = pcs(gdb)
gdb.do('stepi')
after = pcs(gdb)
for n in range(4):
    check((before[n] != after[n]) == (n + 1 == thread), f'the step of {thread}: {before}, {after}')
gdb.do('set scheduler-locking off')
for _ in range(5):
    gdb.do('stepi')

# Loads too, of any vcpu.
gdb.do(f'awatch *(unsigned long *){at["jiffies"]:#x}')
for _ in range(3):
    gdb.expect('continue', r'hit Hardware access \(read/write\) watchpoint .*alue = \d+')
gdb.do('delete')

# A pause and gdb's stop are two things.
check('debugger' in papyr('resume', 'gdb', status=1)[1], 'resumed in spite of gdb')
check(state() == 'debug', state())
papyr('pause', 'gdb')
check(state() == 'paused', state())
gdb.begin('continue')
until('gdb to let go', lambda: 'Continuing' in gdb.peek(), 10)
check(state() == 'paused', state())
papyr('resume', 'gdb')
check(state() == 'running', state())
check('a2' in guest.command('echo a$((1+1))').split(), 'it does not run')
papyr('pause', 'gdb')
check('SIGINT' in gdb.interrupt(), 'a paused guest was not interrupted')
papyr('resume', 'gdb')
check(state() == 'debug', state())

# What is saved has nothing of gdb's, and goes on by itself.
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.expect('continue', 'hit Breakpoint')
image = os.path.join(folder, 'image')
papyr('save', 'gdb', image, '--keep-running')
check(state() == 'debug', state())
gdb.expect('continue', 'hit Breakpoint')
gdb.begin('detach')
gdb.until_ready(30)
check(state() == 'running', state())
gdb.quit()
papyr('stop', 'gdb')
guest.wait_for_status(0)

# Restored, it stands where it was until gdb comes.
guest = Guest(['run', '--restore', image, '--name', 'gdb', '--gdb=unix:' + os.path.join(folder, 'here') + ',wait'])
guest.expect('in gdb: target remote')
check(state() == 'debug', state())
gdb = Gdb(os.path.join(folder, 'here'), fetch('kernel'))
check(f'{do_sys_openat2:#x}' in pcs(gdb), 'it stands elsewhere')
gdb.do(f'hbreak *{do_sys_openat2 + 4:#x}')
gdb.expect('continue', 'hit Breakpoint')
check(gdb.value('$pc') == do_sys_openat2 + 4, 'it stopped elsewhere')

# Moved while gdb has it, it arrives paused.
other = Guest(['run', '--incoming', 'unix:' + os.path.join(folder, 'migration'), '--name', 'there'])
until('the destination', lambda: os.path.exists(os.path.join(folder, 'migration')))
papyr('migrate', 'gdb', 'unix:' + os.path.join(folder, 'migration'))
guest.wait_for_status(0)
gdb.quit()
check(state('there') == 'paused', state('there'))
gdb = connect('there')
check(f'{do_sys_openat2 + 4:#x}' in pcs(gdb), 'it stands elsewhere')
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.begin('continue')
papyr('resume', 'there')
said = gdb.until_ready(30)
check('hit Breakpoint' in said, said)
gdb.quit()
other.type('\r')
other.expect(PROMPT)
check('a2' in other.command('echo a$((1+1))').split(), 'it does not run')

# Where gdb is waited for, a guest that comes waits too.
third = Guest(['run', '--incoming', 'unix:' + os.path.join(folder, 'again'), '--name', 'third', '--gdb', 'wait'])
until('the destination', lambda: os.path.exists(os.path.join(folder, 'again')))
papyr('migrate', 'there', 'unix:' + os.path.join(folder, 'again'), '--downtime-ms', '3000')
other.wait_for_status(0)
check(state('third') == 'debug', state('third'))
gdb = Gdb(third.expect(r'in gdb: target remote (\S+)\r').group(1), fetch('kernel'))
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.expect('continue', 'hit Breakpoint')
gdb.quit()
third.type('\r')
third.expect(PROMPT)
papyr('stop', 'third')
third.wait_for_status(0)
