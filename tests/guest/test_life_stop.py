#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest whose process is stopped, or that is paused, for a while: test_life_stop.py SECONDS.

Its own time stands still meanwhile, so that its kernel misses nothing and reports nothing; the clock that RTAS tells
goes on with the host's, and sets the guest's date right."""
import os
import signal
import sys
import time

from papyrtest import PROMPT, Qmp, check, debian, until, workdir

REPORTS = 'lockup|LOCKUP|stall|blocked for more|hung'
seconds = int(sys.argv[1])
folder = workdir()

# What the guest does when it is told so: the terminal is too narrow for it.
SCRIPT = r"""#!/bin/sh
case $1 in
work) # on all processors, for the kernel too: page faults, forks, pipes
	i=0
	while [ $i -lt 8 ]; do
		while :; do head -c 2000000 /dev/zero | md5sum; done >/dev/null 2>&1 &
		i=$((i + 1))
	done;;
times) # uptime, date, and the machine's clock
	cut -d' ' -f1 /proc/uptime
	date -u +%s
	date -u -d "$(hwclock -u -r | sed 's/ *[0-9.]* *seconds//; s/^[A-Z][a-z][a-z] //')" -D '%b %d %T %Y' +%s;;
set) hwclock -u -s;;
reports) dmesg | grep -E 'lockup|LOCKUP|stall|blocked for more|hung';;
esac
"""
path = os.path.join(folder, 'life')
with open(path, 'w') as f:
    f.write(SCRIPT)
guest = debian(folder, cpus='4', files=[path], more=['--name', 'life'])
guest.expect(PROMPT, 60)
qmp = Qmp('life')
qmp.ok('qmp_capabilities')


def life(what):
    return guest.command(f'/root/life {what}', 60)


def times():
    """Uptime, date, machine's clock; and the host's before and after it was asked."""
    begin = time.monotonic(), time.time()
    up, date, rtc = life('times').split('\n')[-3:]
    return float(up), int(date), int(rtc), begin, (time.monotonic(), time.time())


def stopped():
    """SIGSTOP, as by a user's Ctrl-Z, a freezer or a debugger."""
    guest.process.send_signal(signal.SIGSTOP)
    until('the stop', lambda: open(f'/proc/{guest.process.pid}/stat').read().split()[2] == 'T')
    time.sleep(seconds)
    guest.process.send_signal(signal.SIGCONT)


def paused():
    qmp.ok('stop')
    time.sleep(seconds)
    qmp.ok('cont')


def check_clock(shown, asked, what):
    """A clock of whole seconds that showed @shown when it was asked then."""
    first, last = asked[3][1], asked[4][1]
    check(first - 2 < shown < last + 1, f'{what} shows {shown}, asked from {first:.1f} to {last:.1f}')


def stand_still(how):
    before = times()
    how()
    after = times()
    gone, most = after[0] - before[0], after[4][0] - before[3][0]
    # A guest that sleeps was to do so for a few seconds anyway.
    check(0 <= gone < most - seconds / 2, f'{how.__name__}: {gone:.2f} s of the guest in {most:.2f} s of the host')
    check_clock(after[2], after, f"{how.__name__}: the machine's clock")
    life('set')
    after = times()
    check_clock(after[1], after, f"{how.__name__}: the date that was set")
    check(not life('reports'), f"{how.__name__}: {life('reports')}")


# For a short while a guest that sleeps would have slept anyway.
for work in (False, True) if seconds >= 10 else (True,):
    if work:
        life('work')
    stand_still(stopped)
    stand_still(paused)
check(guest.command('echo $((6 * 7))') == '42', 'the shell reckons wrong')
guest.type('poweroff -f\r')
guest.wait_for_status(0)
