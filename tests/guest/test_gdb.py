#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gdb on Debian's kernel, from its first instruction on: breakpoints, registers and memory, steps, a watched variable,
interrupting; going, coming back, and the end."""
import os
import re

from gdbtest import Gdb, need_gdb, symbols
from papyrtest import PROMPT, Qmp, check, debian, fetch, papyr, until, workdir

need_gdb()
folder = workdir()
at = symbols('start_kernel', 'do_sys_openat2', 'jiffies', 'init_uts_ns', 'linux_banner')
# Where those enter a function that have its TOC already: two instructions behind its symbol.
start_kernel, do_sys_openat2 = at['start_kernel'] + 8, at['do_sys_openat2'] + 8
guest = debian(folder, more=['--name', 'gdb', '--gdb', 'wait'])
where = guest.expect(r'in gdb: target remote (\S+)\r').group(1)
check('debug' in papyr('info', 'gdb')[0].decode(), 'it does not wait')

# The first instruction, which the processor does big-endian; registers go by the kernel's file.
gdb = Gdb(where, fetch('kernel'))
pc = gdb.value('$pc')
check(0x400000 <= pc < 0x10000000, f'it begins at {pc:#x}')
gdb.expect('monitor info', 'gdb: POWER8, 1 vcpus.*little-endian')
gdb.expect('monitor translate 400000', 'real mode; .*guest real 0x400000')
gdb.expect('info threads', r'\* 1 +Thread 1 \(vcpu 0\)')
gdb.do('stepi')
check(gdb.value('$pc') in (pc + 4, pc + 8), 'the step went astray')

# Code that isn't where it will be yet.
gdb.do(f'hbreak *{start_kernel:#x}')
gdb.expect('continue', r'Breakpoint 1, .*start_kernel')
check(gdb.value('$pc') == start_kernel, 'it stopped elsewhere')
check(gdb.value('$msr') & 0x8000000000000031 == 0x8000000000000031, 'MSR: no SF, IR, DR, LE')
gdb.expect(f'x/s {at["linux_banner"]:#x}', 'Linux version')
gdb.expect(f'monitor translate {at["linux_banner"]:x}', r'entry 0x\w+: .*guest real 0x')
gdb.expect('monitor registers', r'DEC_EXPIRY.*SLB 0 +ESID')
gdb.do('stepi')
check(gdb.value('$pc') != start_kernel, 'no step')

# What is written is there, for gdb and for the guest.
gdb.do('set $f1 = 1.5')
gdb.do('set $vr2.uint128 = 0x0102030405060708')
gdb.do('set $vs1.v2_double[0] = 2.25')
gdb.do('maintenance flush register-cache')
gdb.expect('print $vr2.v16_int8', r'\{8, 7, 6, 5, 4, 3, 2, 1, 0')
gdb.expect('print $f1', '= 1.5')
gdb.expect('print $vs1.v2_double[0]', '= 2.25')
gdb.do(f'set var *(char (*)[6]){at["init_uts_ns"]:#x} = "Papyr"')
gdb.do('delete')
# Breakpoints are in nobody's memory, and more than a processor has.
for n in range(30):
    gdb.do(f'break *{0xe000000000000000 + 4 * n:#x}')
gdb.do(f'break *{do_sys_openat2:#x}')
before = gdb.expect(f'x/xw {do_sys_openat2:#x}', r':\s(.*)').group(1)
gdb.expect('continue', r'Breakpoint \d+, .*do_sys_openat2')
check(gdb.expect(f'x/xw {do_sys_openat2:#x}', r':\s(.*)').group(1) == before, 'memory has changed')
gdb.do('delete')

# A variable, written by whoever.
gdb.do(f'watch *(unsigned long *){at["jiffies"]:#x}')
old, new = map(int, gdb.expect('continue', r'Old value = (\d+)\s+New value = (\d+)').groups())
check(new > old, 'jiffies run backwards')
gdb.do('delete')

# It runs, and stops when asked to.
gdb.begin('continue')
guest.expect(PROMPT, 90)
check(guest.command('uname') == 'Papyr', 'memory was not written')
said = gdb.interrupt()
check('SIGINT' in said, said)
gdb.expect('backtrace 3', r'#0 .*0x')
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.begin('continue')
guest.type('cat /proc/version\r')
said = gdb.until_ready(30)
check('do_sys_openat2' in said, said)
gdb.expect('backtrace 3', r'do_sys_openat2.*sys_openat')
check('Papyr version' not in guest.text[guest.seen:], 'it ran past the breakpoint')

# Out of a system call, by rfid, into the program that made it.
gdb.do('delete')
returns = re.findall(r'(0x[0-9a-f]{16}) <(?:system_call|interrupt_return_srr_user)', gdb.do('find /w &system_call_common, +0x600, 0x4c000024'))
check(returns, 'there is no rfid')
for address in returns:
    gdb.do(f'hbreak *{address}')
gdb.expect('continue', 'Breakpoint')
gdb.do('stepi')
check(gdb.value('$msr') & 0xc030 == 0xc030, 'this is no program')
check(0x10000000 <= gdb.value('$pc') < 0x20000000, 'this is not busybox')

# A guest that starts again is met again; nothing else is to stop it before.
gdb.do('delete')
gdb.do(f'hbreak *{start_kernel:#x}')
gdb.begin('continue')
qmp = Qmp('gdb')
qmp.ok('qmp_capabilities')
qmp.ok('system_reset')
said = gdb.until_ready(60)
check('start_kernel' in said, said)
gdb.do('delete')
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.begin('continue')
said = gdb.until_ready(60)
check('do_sys_openat2' in said, said)
gdb.do('delete')
gdb.begin('continue')
guest.expect(PROMPT, 90)
gdb.interrupt()
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.begin('continue')
guest.type('cat /proc/version\r')
gdb.until_ready(30)

# gdb goes, with its breakpoints, and another comes: to where a person says.
gdb.quit()
guest.expect('(?s)Linux version.*' + PROMPT, 30)
check(guest.command('cat /proc/uptime'), 'the breakpoint is still there')
said = papyr('gdb', 'gdb', 'tcp:0')[0].decode()
where = re.fullmatch(r'target remote (tcp:127\.0\.0\.1:\d+)\n', said).group(1)
check(not os.path.exists(os.path.join(folder, 'papyr', 'gdb.gdb')), 'the socket was left behind')
gdb = Gdb(where, fetch('kernel'))
# One that vanishes leaves nothing behind either.
gdb.do(f'hbreak *{do_sys_openat2:#x}')
gdb.begin('continue')
guest.type('cat /proc/loadavg\r')
gdb.until_ready(30)
gdb.kill()
guest.expect(r'(?s)\d+\.\d+ .*' + PROMPT, 30)
until('a place for the next', lambda: 'debug' not in papyr('info', 'gdb')[0].decode())
gdb = Gdb(where, fetch('kernel'))
check('none' not in papyr('gdb', 'gdb', 'none')[0].decode(), 'there is an address of nothing')
check('running' in papyr('info', 'gdb')[0].decode(), 'hanging up left it stopped')
papyr('gdb', 'gdb', 'unix:' + os.path.join(folder, 'other'))
gdb.kill()
gdb = Gdb(os.path.join(folder, 'other'), fetch('kernel'))
gdb.begin('kill')
guest.wait_for_status(0)
gdb.until_ready(30)
gdb.quit()
