#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Processors and memory come and go in Debian's guest, by its kernel's own code: they are used for real, and last over saving, a
migration and a reboot. With a number: so many rounds of it, with work on all that comes."""
import hashlib
import json
import os
import re
import sys

from papyrtest import PROMPT, Guest, Qmp, check, debian, papyr, until, workdir

NEVER = r'Kernel panic|Oops|BUG:|LOCKUP|lockup|rcu.*stall|blocked for more'
FILL = 200 << 20  # more than the guest starts with can hold
SMALL = 32 << 20
SCRIPT = r"""#!/bin/sh
case $1 in
cpus) grep -c ^processor /proc/cpuinfo;;
ticks) # of the processor $2, in user mode and for niced ones
	awk -v cpu=cpu$2 '$1 == cpu { print $2 + $3 }' /proc/stat;;
work) # on each of $2 processors
	i=0
	while [ $i -lt $2 ]; do
		taskset $((1 << i)) md5sum /dev/zero >/dev/null &
		i=$((i + 1))
	done;;
rest) killall md5sum;;
memory) awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo;;
fill) # $2 bytes that aren't zero
	[ -d /fill ] || { mkdir /fill; mount -t tmpfs -o size=90% none /fill; }
	yes papyr | head -c $2 >/fill/it;;
sum) md5sum </fill/it;;
empty) rm /fill/it;;
tree) ls /proc/device-tree/cpus | grep -c POWER8;;
esac
"""

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 0
folder = workdir()
path = os.path.join(folder, 'hot')
with open(path, 'w') as f:
    f.write(SCRIPT)
os.chmod(path, 0o755)
word = b'papyr\n' * (FILL // 6 + 1)
expected = {size: hashlib.md5(word[:size]).hexdigest() for size in (FILL, SMALL)}


def say(guest, what, seconds=60):
    return guest.command(f'/root/hot {what}', seconds)


def has(guest, cpus, mib):
    """The guest comes to have so many processors, and about so much memory."""
    until(f'{cpus} processors', lambda: say(guest, 'cpus') == str(cpus))
    until(f'{mib} MiB', lambda: mib - 100 < int(say(guest, 'memory')) <= mib)


def tell(name, cpus, mib):
    info = json.loads(papyr('info', name, '--json')[0])
    check(len(info['vcpus']) == cpus and info['memory'] == mib << 20, info)
    check(info['max-vcpus'] == 4 and info['max-memory'] == 1 << 30, info)


def online(name):
    return [vcpu['online'] for vcpu in json.loads(papyr('info', name, '--json')[0])['vcpus']]


def begin():
    guest = debian(folder, cpus='2,threads=2,max=4', memory='256M,max=1G', files=[path], more=['--name', 'hot'])
    hush(guest)
    return guest


def hush(guest):
    """Waits for the shell; the kernel doesn't talk into what is typed from then on."""
    guest.expect(PROMPT, 90, never=NEVER)
    guest.type('dmesg -n 2\r')
    guest.expect(PROMPT)


def end(guest):
    said = guest.text + guest.command('dmesg')
    check(not re.search(NEVER, said), f'reports: {re.findall(NEVER, said)}')
    guest.type('poweroff -f\r')
    guest.wait_for_status(0)


def refusals(qmp):
    for command, key, amounts in (('x-cpus', 'count', (0, -1, 3, 6, 1 << 62)),
                                  ('x-memory', 'size', (0, 255 << 20, 300 << 20, 2 << 30, -1))):
        for amount in amounts:
            answer = qmp.execute(command, **{key: amount})
            check('error' in answer, f'{command} {amount}: {answer}')
    check('4' in papyr('cpus', 'hot', '5', status=1)[1], 'five vcpus')
    check('1024' in papyr('memory', 'hot', '2G', status=1)[1], 'two GiB')


def once():
    """All that there is, once."""
    guest = begin()
    qmp = Qmp('hot')
    qmp.ok('qmp_capabilities')
    has(guest, 2, 256)
    refusals(qmp)
    check(papyr('cpus', 'hot', '4')[0] == b'hot has 4 vcpus\n', 'the answer')
    check(online('hot') == [True] * 4, f'it came back before the guest had started them: {online("hot")}')
    check(json.loads(papyr('memory', 'hot', '768M', '--json')[0])['now'] == 768 << 20, 'the answer')
    has(guest, 4, 768)
    tell('hot', 4, 768)
    # Only asked, of a guest that can't do it.
    papyr('pause', 'hot')
    check('was asked to have 2 vcpus' in papyr('cpus', 'hot', '2', '--no-wait')[0].decode(), 'the answer')
    check('is still at it' in papyr('cpus', 'hot', '2', '--timeout', '1', status=1)[1], 'who waited for nothing')
    papyr('cpus', 'hot', '4')
    papyr('resume', 'hot')
    check(len(qmp.ok('query-cpus-fast')) == 4, 'vcpus')
    # Both are used.
    say(guest, 'work 4')
    before = int(say(guest, 'ticks 3'))
    until('work on the new processor', lambda: int(say(guest, 'ticks 3')) > before + 20)
    say(guest, 'rest')
    say(guest, f'fill {FILL}', 120)
    check(say(guest, 'sum', 120).startswith(expected[FILL]), 'the memory holds something else')

    # Saved and restored.
    image = os.path.join(folder, 'image')
    papyr('save', 'hot', image)
    guest.wait_for_status(0)
    told = json.loads(papyr('info', image, '--json')[0])
    check(told['vcpus'] == 4 and told['memory'] == 768 << 20 and told['max-memory'] == 1 << 30, told)
    check('256' in papyr('run', '--restore', image, '-m', '1G', status=1)[1], 'another memory')
    guest = Guest(['run', '--restore', image, '--name', 'hot'])
    guest.seen = 0
    guest.type('\r')
    guest.expect(PROMPT)
    tell('hot', 4, 768)
    check(say(guest, 'sum', 120).startswith(expected[FILL]), 'what was restored is something else')

    # Moved to another process.
    socket = os.path.join(folder, 'move')
    there = Guest(['run', '--incoming', f'unix:{socket}', '--name', 'there'])
    until('the destination', lambda: os.path.exists(socket))
    papyr('migrate', 'hot', f'unix:{socket}', '--downtime-ms', '500')
    guest.wait_for_status(0)
    guest = there
    guest.type('\r')
    guest.expect(PROMPT)
    tell('there', 4, 768)
    check(say(guest, 'sum', 120).startswith(expected[FILL]), 'what was moved is something else')

    # What came goes, and what goes can come again; the kernel may have put something of its own into the memory.
    say(guest, 'empty')
    papyr('cpus', 'there', '2')
    has(guest, 2, 768)
    tell('there', 2, 768)
    papyr('memory', 'there', '1G')
    has(guest, 2, 1024)
    papyr('memory', 'there', '768M')
    has(guest, 2, 768)
    papyr('cpus', 'there', '4')
    has(guest, 4, 768)

    # It is there when the guest starts again.
    guest.type('reboot -f\r')
    guest.expect('Linux version', 60)
    hush(guest)
    has(guest, 4, 768)
    tell('there', 4, 768)
    check(say(guest, 'tree') == '2', 'cores of the tree')
    papyr('cpus', 'there', '2')
    papyr('memory', 'there', '512M')
    has(guest, 2, 512)
    end(guest)


def many():
    """Comes and goes again and again, with work on all of it."""
    guest = begin()
    for i in range(rounds):
        papyr('cpus', 'hot', '4')
        papyr('memory', 'hot', '1G')
        has(guest, 4, 1024)
        say(guest, 'work 4')
        say(guest, f'fill {SMALL}', 120)
        check(say(guest, 'sum', 120).startswith(expected[SMALL]), f'round {i}: the memory holds something else')
        say(guest, 'empty')
        papyr('cpus', 'hot', '2')
        papyr('memory', 'hot', '256M', status=None)
        say(guest, 'rest')
        print(f'round {i + 1}', papyr('info', 'hot')[0].decode().splitlines()[2:4], flush=True)
    end(guest)


many() if rounds else once()
