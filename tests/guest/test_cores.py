#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Virtual cores as the guest and whoever looks at it see them: their threads, how they meet, and what wakes them."""
import json

from papyrtest import PROMPT, check, debian, papyr, workdir

COUNTERS = ('entries-per-s', 'joins-per-s', 'naps-per-s', 'blocks-per-s')


def cores(seconds=2):
    """By number."""
    out = papyr('top', 'cores', '--json', '-n', '1', '-d', str(seconds))[0]
    return {core['id']: core for core in json.loads(out)['cores']}


folder = workdir()
guest = debian(folder, '4,threads=2', more=['--name', 'cores'])
guest.expect(PROMPT, 90)
siblings = guest.command('cat /sys/devices/system/cpu/cpu*/topology/thread_siblings_list')
check(siblings.split()[-4:] == ['0-1', '0-1', '2-3', '2-3'], f'the threads of the cores: {siblings}')

idle = cores()
check(sorted(idle) == [0, 1] and all(core['vcpus'] == 2 for core in idle.values()), f'not two cores of two: {idle}')
check(all(counter in core for core in idle.values() for counter in COUNTERS), f'a counter is missing: {idle}')
check(sum(core['wakes-by']['dec'] for core in idle.values()) > 0, f'nobody slept until his decrementer waked him: {idle}')

# One computes on the second core: the other thread there joins it, and naps while it runs.
guest.type('busybox taskset 4 sh -c "while :; do :; done" & busybox taskset 8 sh -c "while :; do usleep 2000; done" &\r')
guest.expect(PROMPT, 30)
busy = cores()[1]
check(busy['joins-per-s'] > 20 and busy['naps-per-s'] > 20, f'nobody joined who computes: {busy}')
check(busy['busy'] > 0.2, f'nobody computed: {busy}')

# Two talk to each other: doorbells in a core.
guest.command('kill %1 %2')
guest.type('(while :; do echo; done) | busybox taskset 1 cat | busybox taskset 2 cat >/dev/null &\r')
guest.expect(PROMPT, 30)
talk = cores()[0]
check(talk['wakes-by']['dbell'] + talk['wakes-by']['ext'] > 20, f'nobody waked the other: {talk}')
guest.type('busybox poweroff -f\r')
guest.wait_for_status(0)
