#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel makes and changes code of its own, on four processors: test_kernel_code.py bpf|patches SECONDS.

bpf: it translates programs and filters made at random (bpf.c, filters.c), which two interpreters must agree with, and those
of its own test module. patches: tracers, probes and events come and go (patches.c), while processes run what they change and
others fork, execute and map (storm.c).

What Debian's kernel, 6.1, has not: profiles of functions (FUNCTION_PROFILER), tracers of latencies, live patches, tests of
itself at boot (FTRACE_STARTUP_TEST, CODE_PATCHING_SELFTEST, FTR_FIXUP_SELFTEST), and BPF programs on functions' entries, which
it can't translate for Power.
"""
import os
import re
import shutil
import sys

from papyrtest import PROMPT, built, check, debian, fetch, workdir

BAD = r"WRONG[^\n]*\n|CORRUPT[^\n]*\n|storm can't go on.*|Kernel panic.*|Oops.*|segfault.*|Unable to handle.*|BUG:.*|WARNING:.*"
ENDED = r'ended: (\d+) rounds, (\d+) checks, 0 wrong'
MODULE = r'test_bpf: Summary: (\d+) PASSED, 0 FAILED, \[(\d+)/(\d+) JIT.ed\]'

kind, seconds = sys.argv[1], float(sys.argv[2])
folder = workdir()


def modules(*names):
    """Under names by which they aren't loaded at once."""
    for name in names:
        yield shutil.copy(os.path.join(fetch('trials'), f'{name}.ko'), os.path.join(folder, name))


def run(command, seconds):
    """Returns what it printed to its end."""
    guest.type(command + '\r')
    start = guest.seen
    guest.expect(ENDED, seconds + 120, never=BAD)
    guest.expect(PROMPT, never=BAD)
    text = guest.text[start:guest.seen].replace('\r', '')
    print('\n'.join(line for line in text.split('\n') if not re.search(r'papyr:|^after |storm|\./', line)), flush=True)
    return text


def translate():
    guest.command('echo 1 >/proc/sys/net/core/bpf_jit_enable')
    run(f'./bpf {seconds / 2}', seconds / 2)
    run(f'./filters {seconds / 2}', seconds / 2)


def own_tests():
    """Those of the kernel's module: all that it can translate pass, and they are nearly all. Not hardened, as the
    programs before may have left it: each constant would be hidden by an instruction put in, of programs of 65,000."""
    guest.command('echo 0 >/proc/sys/net/core/bpf_jit_harden')
    guest.type('insmod test_bpf; dmesg | grep "test_bpf:.*Summary"; dmesg | grep "test_bpf.*FAIL" | grep -v " 0 FAILED"; '
               'echo LOADED\r')
    guest.expect(r'\nLOADED', 1800, never=r'Kernel panic.*|Oops.*|BUG:.*')
    found = set(re.findall(MODULE, guest.text))  # perhaps on the console, too
    print(found)
    check(len(found) == 1, f'its own tests failed: {guest.text[-3000:]}')
    passed, translated, could = (int(n) for n in found.pop())
    check(passed > 1000 and translated == could > 1000, f'{passed} passed, {translated} of {could} translated')
    check(not re.search(r'test_bpf: #.*FAIL', guest.text), f'its own tests failed: {guest.text[-3000:]}')


def change_code():
    guest.type('./storm 2 &\r')
    text = run(f'./patches {seconds}', seconds)
    check(len(re.findall(r'storm \d+: ', text)) > 1, 'the storm does not move on')


if kind == 'bpf':
    files = [built('bpf'), built('filters'), *modules('test_bpf')]
else:
    files = [built('patches'), built('storm'), *modules('test_static_key_base', 'test_static_keys')]
guest = debian(folder, cpus='4', append='quiet', files=files, more=['--name', 'code'])
guest.expect(PROMPT, 90)
if kind == 'bpf':
    translate()
    if seconds >= 300:
        own_tests()
else:
    change_code()
guest.type('poweroff -f\r')
guest.wait_for_status(0)
