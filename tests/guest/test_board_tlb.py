#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""papyr tlb, of boards whose guest (board_guest.c) has filled its TLB with what is known: of the running guest, of the
saved one, of a dump; the shadow TLB; differences."""
import json
import os

from boardtest import board_kernel
from papyrtest import Guest, check, papyr, workdir

folder = workdir()
os.chdir(folder)
WINDOW, BACKED, PAGE, PAGES = 0x40000000, 0x1000000, 4096, 700  # as board_guest.c has them
# Where devices are, by what the guest maps them, and the page that the machine gives the kernel.
BOARDS = {
    'bamboo': {'cpu': '440', 'size': 64, 'ea': 0xef600000, 'real': 0xef600000, 'low': 256 << 20, 'full': 62},
    'ppce500': {'cpu': 'e500v2', 'size': 528, 'ea': 0xe0000000, 'real': 0xfe0000000, 'low': 64 << 20, 'full': 100},
}


def report(*args, status=0):
    return json.loads(papyr('tlb', *args, '--json', status=status)[0])


def keep(path, *args):
    with open(path, 'wb') as f:
        f.write(papyr('tlb', 'dump', *args, '--json')[0])


def is_known(entry):
    """A page that the guest's handler of misses mapped."""
    return entry['real'] == BACKED + (entry['tid'] - 1) * PAGES * PAGE + entry['ea'] - WINDOW and \
        entry['tid'] in (1, 2) and entry['bytes'] == PAGE and entry['supervisor'] == 'rw-' and entry['user'] == '---'


def check_start(board, dump):
    check(dump['cpu'] == board['cpu'] and dump['size'] == board['size'] and dump['valid'] == 2, f'at the start: {dump}')
    low, devices = dump['entries']
    check(low['ea'] == low['real'] == 0 and low['bytes'] == board['low'] and low['supervisor'] == 'rwx', f'kernel: {low}')
    check((devices['ea'], devices['real'], devices['bytes']) == (board['ea'], board['real'], 1 << 20) and
          devices['supervisor'] == 'rw-' and devices['wimge'] == '-I-G-', f'devices: {devices}')
    check(devices['protected'] == (board['cpu'] == 'e500v2'), f'devices: {devices}')
    if board['cpu'] == '440':
        check(low['words'] == [0, 0x290, 0, 7] and devices['words'] == [0, 0xef600250, 0xef600000, 0x503], 'words')
    else:
        check(devices['tlb'] == 1 and devices['entry'] == 1 and devices['words'] == [0, 0xc0000500, 0xe000000a, 0xfe0000005],
              f'words: {devices}')


def check_full(board, dump):
    pages = [e for e in dump['entries'] if e['ea'] >= WINDOW and e['ea'] < WINDOW + PAGES * PAGE]
    check(len(pages) == dump['valid'] - 2 and len(pages) >= board['full'], f'{len(pages)} pages, {dump["valid"]} valid')
    for e in pages:
        check(is_known(e), f'an entry that the guest did not make: {e}')
        check('set' not in e or e['set'] == e['ea'] // PAGE % 128 and e['index'] == e['set'] * 4 + e['way'], f'place: {e}')


def check_shadow(shadow, guest):
    """Each page that the processor has at hand is a page that an entry of the guest's is of."""
    check(shadow['shadow'] and shadow['entries'], f'shadow: {shadow}')
    for page in shadow['entries']:
        check(any(e['ea'] <= page['ea'] < e['ea'] + e['bytes'] and page['ea'] - e['ea'] == page['real'] - e['real']
                  for e in guest['entries']), f'a page of no entry: {page}')
    check(any('x' in p['supervisor'] and p['ea'] == p['real'] for p in shadow['entries']), 'the kernel runs by no page')


def examine(name, board):
    kernel = board_kernel(name)
    guest = Guest(['run', '-M', name, '-m', '256M', '-k', kernel, '--name', name])
    guest.expect('ready')
    start = report('dump', name)
    check_start(board, start)
    check(len(report('dump', name, '--all')['entries']) == board['size'], '--all does not tell of all')
    text = papyr('tlb', 'dump', name)[0].decode()
    check(f'running guest, {board["cpu"]}, 2 of {board["size"]} entries valid' in text and '-I-G-' in text, text)
    keep(f'{name}.start', name)
    check(report('dump', f'./{name}.start')['entries'] == start['entries'], 'a dump read again is another')

    guest.type('m')
    guest.expect('misses ok', never='wrong|misses\\?')
    full = report('dump', name)
    check_full(board, full)
    diff = report('diff', f'./{name}.start', name, status=4)
    check((diff['same'], diff['added'], diff['removed'], diff['changed']) == (2, full['valid'] - 2, 0, 0), f'diff: {diff}')
    check(report('diff', name, f'./{name}.start', status=4)['removed'] == diff['added'], 'diff the other way round')
    check(report('diff', name, name)['same'] == full['valid'], 'a guest differs from itself')
    check_shadow(report('dump', name, '--shadow'), full)
    keep(f'{name}.shadow', name, '--shadow')
    check(report('dump', f'./{name}.shadow', '--shadow')['valid'] > 0, 'a dump of the shadow TLB')
    check('no shadow TLB' in papyr('tlb', 'diff', '--shadow', f'./{name}.start', name, status=1)[1], 'shadow and guest')

    changed_by_hand(name, full)
    papyr('save', name, f'{name}.image')
    guest.wait_for_status(0)
    keep(f'{name}.saved', f'{name}.image')
    check(report('dump', f'{name}.image')['entries'] == full['entries'], 'the saved TLB is another')
    check(report('diff', f'{name}.saved', f'{name}.image')['same'] == full['valid'], 'the saved TLB differs from its dump')
    with open(f'{name}.cut', 'wb') as f:
        f.write(open(f'{name}.image', 'rb').read()[:-100])
    check(papyr('tlb', 'dump', f'{name}.cut', status=1)[1].startswith('papyr'), 'an image that is cut off')


def changed_by_hand(name, full):
    """One entry of each kind of difference."""
    other = json.loads(json.dumps(full))
    words = other['entries'][0]['words']
    if full['cpu'] == '440':
        words[3] ^= 0x4 | 0x800  # SX, W
    else:
        words[3] ^= 0x10
        words[2] ^= 0x10
    del other['entries'][1]
    with open('other', 'w') as f:
        json.dump(other, f)
    diff = report('diff', name, './other', status=4)
    check((diff['added'], diff['removed'], diff['changed']) == (0, 1, 1), f'by hand: {diff}')
    what = {e['kind']: e['what'] for e in diff['entries']}
    check(what == {'changed': ['access', 'wimge'], 'removed': []}, f'by hand: {what}')
    text = papyr('tlb', 'diff', name, './other', status=4)[0].decode()
    check('changed: access, wimge' in text and f'{full["valid"] - 2} same, 0 added, 1 removed, 1 changed' in text, text)


for machine, expected in BOARDS.items():
    examine(machine, expected)
check("can't be compared" in papyr('tlb', 'diff', './bamboo.start', './ppce500.start', status=1)[1], 'two processors')
