#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linux resizes its hash table, up and down again and again, while its programs fork, execute, map memory and check what is
theirs; in the middle it moves to another papyr, is saved and restored. Afterwards the table has nothing wrong in it."""
import json
import os
import re

from migratetest import BAD, Local, beats, migrate, wait_listening
from papyrtest import CMDLINE, Guest, Qmp, autorun, built, check, fetch, make_initrd, papyr, workdir

ORDER = '/sys/kernel/debug/powerpc/hpt_order'
# Real mode alone has 8,192 pages of 64K bolted, one in a group: for 2^19 bytes, of 4,096 groups, that is too much.
RESIZER = f'''mount -t debugfs debugfs /sys/kernel/debug
resize() {{
	echo $1 >{ORDER} 2>/dev/null
	echo "to $1: $(cat {ORDER})"
}}
n=0
( while :; do
	for order in 20 23 21 19 22; do
		resize $order
	done
	n=$((n + 1))
	echo resized $n times five
done ) &
exec /root/storm 2'''
ROUND = r'resized (\d+) times five\r?\n'

folder = workdir()
os.chdir(folder)
local = Local(folder)


def order_of(name):
    return json.loads(papyr('info', name, '--json')[0])['htab-order']


def look(name):
    """The table of a guest that stands still."""
    papyr('pause', name)
    stat = json.loads(papyr('htab', 'stat', name, '--json')[0])
    check(stat['order'] == order_of(name), f'the table is of order {stat["order"]}')
    check(stat['entries'] == 1 << stat['order'] - 4, f'{stat["entries"]} entries in 2^{stat["order"]} bytes')
    check(json.loads(papyr('htab', 'verify', name, '--json')[0])['clean'], 'the table has something wrong in it')
    papyr('resume', name)


def rounds(guest, n, lost=0):
    """@lost: so many may come to nothing. A table that is prepared when the guest leaves doesn't go along, and the kernel,
    told so when it commits, stays with the one that it has."""
    for _ in range(n):
        guest.expect(ROUND, 120, never=BAD)
    failed = [f'2^{got} bytes instead of 2^{wanted}' for wanted, got in re.findall(r'to (\d+): (\d+)', guest.text)
              if got != wanted and wanted != '19']
    check(len(failed) <= lost, f'{failed}')
    check('to 19: 19' not in guest.text, 'more bolted entries than groups have room for are in a table')


def move(guest, name, new):
    uri = local.uri(0) + new
    there = Guest(['run', '--incoming', uri, '--name', new])
    wait_listening(uri)
    code, value, said = migrate(name, uri, '--downtime-ms', '300')
    check(code == 0, f'it did not move: {said}')
    guest.wait_for_status(0)
    return there


initrd = make_initrd(folder, autorun(folder, RESIZER), built('storm'))
guest = Guest(['run', '-k', fetch('kernel'), '-i', initrd, '-p', CMDLINE, '-m', '512M', '-c', '2', '--name', 'resize0'])
first = int(guest.expect(r'ppc64_pft_size\s*= 0x(\w+)\s')[1], 16)
rounds(guest, 3)
look('resize0')
beats(guest, 2)
guest = move(guest, 'resize0', 'resize1')
rounds(guest, 2, lost=1)
look('resize1')
papyr('save', 'resize1', 'saved')
guest.wait_for_status(0)
order = json.loads(papyr('info', './saved', '--json')[0])['htab-order']
check(18 <= order <= 23, f'what was saved has a table of order {order}')
check(json.loads(papyr('htab', 'verify', './saved', '--json')[0])['clean'], 'the saved table has something wrong in it')
guest = Guest(['run', '--restore', './saved', '--name', 'resize2'])
rounds(guest, 2, lost=1)
beats(guest, 2)
look('resize2')

# A guest that starts again has the table that it began with, wherever it has been since.
check(order_of('resize2') in (20, 21, 22, 23), f'a table of order {order_of("resize2")}')
qmp = Qmp('resize2')
qmp.execute('qmp_capabilities')
qmp.ok('system_reset')
pft = guest.expect(r'ppc64_pft_size\s*= 0x(\w+)\s')[1]
check(int(pft, 16) == first, f'after a reset the table is of order {int(pft, 16)}, not {first}')
rounds(guest, 1, lost=1)
guest.kill()
