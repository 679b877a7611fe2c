#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The host's date is set forth and back under a running guest, and a saved guest comes back a day later: RTAS tells the
new date, by which the guest can set its own; time limits, the guest's uptime and its timers don't move."""
import os
import struct
import time

from papyrtest import PROMPT, Guest, built, check, debian, papyr, workdir

DAY = 86400
folder = workdir()
clock = os.path.join(folder, 'clock')
FAKED = {'LD_PRELOAD': built('clock.so'), 'PAPYR_CLOCK_FILE': clock}


def set_host(ahead):
    with open(clock, 'r+b' if os.path.exists(clock) else 'wb') as f:
        f.write(struct.pack('=q', ahead))


# What the guest does when it is told so: the terminal is too narrow for it.
SCRIPT = r"""#!/bin/sh
case $1 in
times) # uptime, date, and the machine's clock
	cut -d' ' -f1 /proc/uptime
	date -u +%s
	cat /sys/class/rtc/rtc0/since_epoch;;
set) hwclock -u -s;;
sleep) # a time limit of its own
	sleep 3; echo slept;;
esac
"""
path = os.path.join(folder, 'life')
with open(path, 'w') as f:
    f.write(SCRIPT)


def check_times(guest, ahead, date_ahead, least, most):
    """The machine's clock and the date are so far ahead of the host's; the uptime is between the two."""
    first = int(time.time())
    up, date, rtc = guest.command('/root/life times', 60).split('\n')[-3:]
    last = time.time() + 1
    check(first + ahead - 1 <= int(rtc) <= last + ahead, f"the machine's clock: {rtc}, not {first + ahead}")
    check(first + date_ahead - 2 <= int(date) <= last + date_ahead, f'the date: {date}, not {first + date_ahead}')
    check(least <= float(up) <= most, f'uptime {up}, not {least} to {most}')
    return float(up)


set_host(0)
begin = time.monotonic()
guest = debian(folder, files=[path], more=['--name', 'date'], env=FAKED)
guest.expect(PROMPT, 60)


def age():
    return time.monotonic() - begin + 1


up = check_times(guest, 0, 0, 0, age())
for ahead in (3600, -7200):
    set_host(ahead)
    before = time.monotonic()
    check(guest.command('/root/life sleep', 60) == 'slept', 'a time limit of the guest')
    check(time.monotonic() - before >= 2.9, 'it was too short')
    up = check_times(guest, ahead, 0, up + 2.9, age())
guest.command('/root/life set')
check_times(guest, -7200, -7200, up, age())
set_host(0)
guest.command('/root/life set')
up = check_times(guest, 0, 0, up, age())

# A day in a file. Its own date stays behind until the guest sets it; that takes one command.
image = os.path.join(folder, 'image')
papyr('save', 'date', image)
guest.wait_for_status(0)
saved = time.time()
set_host(DAY)
guest = Guest(['run', '--restore', image, '--name', 'date'], env=FAKED)
guest.type('\r')
guest.expect(PROMPT, 60)
up, date, rtc = guest.command('/root/life times', 60).split('\n')[-3:]
check(abs(int(rtc) - DAY - time.time()) < 5 + time.time() - saved, f"the machine's clock is {int(rtc) - time.time():.0f} s ahead")
check(int(date) < time.time() + 5, f'the date moved by itself: {date}')
guest.command('/root/life set')
check_times(guest, DAY, DAY, float(up), age())
guest.type('poweroff -f\r')
guest.wait_for_status(0)
