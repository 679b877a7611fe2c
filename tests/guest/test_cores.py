#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Virtual cores as the guest and whoever looks at it see them: their threads, how they meet, and what wakes them."""
import json
import os

from papyrtest import PROMPT, check, debian, papyr, workdir

COUNTERS = ('entries-per-s', 'joins-per-s', 'naps-per-s', 'blocks-per-s')
WORK = """#!/bin/sh
case $1 in
apart) # one computes on the second core, where the other comes and goes
	taskset 4 sh -c 'while :; do :; done' &
	taskset 8 sh -c 'while :; do usleep 2000; done' ;;
talk) # from one thread of the first core to the other
	yes | taskset 1 cat | taskset 2 cat >/dev/null ;;
esac
"""


def cores():
    """By number."""
    out = papyr('top', 'cores', '--json', '-n', '1', '-d', '2')[0]
    return {core['id']: core for core in json.loads(out)['cores']}


def seen(number, good):
    """A core when @good says so, or at last."""
    for _ in range(5):
        core = cores()[number]
        if good(core):
            break
    return core


def work(what):
    guest.command('kill %1 2>/dev/null')
    guest.command(f'/root/cores {what} >/dev/null 2>&1 &')


folder = workdir()
path = os.path.join(folder, 'cores')
with open(path, 'w', encoding='ascii') as f:
    f.write(WORK)
os.chmod(path, 0o755)
guest = debian(folder, '4,threads=2', files=[path], more=['--name', 'cores'])
guest.expect(PROMPT, 90)
siblings = guest.command('cat /sys/devices/system/cpu/cpu*/topology/thread_siblings_list')
check(siblings.split()[-4:] == ['0-1', '0-1', '2-3', '2-3'], f'the threads of the cores: {siblings}')

idle = cores()
check(sorted(idle) == [0, 1] and all(core['vcpus'] == 2 for core in idle.values()), f'not two cores of two: {idle}')
check(all(counter in core for core in idle.values() for counter in COUNTERS), f'a counter is missing: {idle}')
check(sum(core['wakes-by']['dec'] for core in idle.values()) > 0, f'nobody slept until his decrementer waked him: {idle}')

work('apart')
busy = seen(1, lambda core: core['joins-per-s'] > 20 and core['naps-per-s'] > 20 and core['busy'] > 0.2)
check(busy['joins-per-s'] > 20 and busy['naps-per-s'] > 20, f'nobody joined who computes: {busy}')
check(busy['busy'] > 0.2, f'nobody computed: {busy}')

work('talk')
talk = seen(0, lambda core: core['wakes-by']['dbell'] + core['wakes-by']['ext'] > 20)
check(talk['wakes-by']['dbell'] + talk['wakes-by']['ext'] > 20, f'nobody waked the other: {talk}')
guest.type('busybox poweroff -f\r')
guest.wait_for_status(0)
