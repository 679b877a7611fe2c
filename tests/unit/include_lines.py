#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom: docs/architecture.md's table of rooms, kept true.

    include_lines.py SRC

Every #include "room/..." in SRC/ROOM must be of a room that ROOM may include, and every system header of
ours (<papyr/...>) is allowed everywhere.
"""
import os
import re
import sys

# What each room may include besides itself and base.
ALLOWED = {
    'base': set(),
    'hpt': set(),
    'cpu': {'hpt'},
    'booke': {'cpu', 'hpt'},
    'hv': {'hpt', 'cpu'},
    'kvm': {'hv', 'hpt', 'booke', 'cpu'},
    'preload': {'kvm'},
    'platform': set(),
    'migration': {'platform'},
    'monitor': {'platform', 'migration'},
    'inspect': {'platform', 'migration'},
    'cmd': {'monitor', 'inspect', 'platform', 'migration'},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def check(src):
    bad = []
    for folder, _, files in os.walk(src):
        room = os.path.relpath(folder, src).split(os.sep)[0]
        if room == '.':
            continue
        if room not in ALLOWED:
            bad.append(f'{folder}: no room of this name is planned')
            continue
        for name in files:
            if not name.endswith(('.c', '.h', '.S', '.def')):
                continue
            path = os.path.join(folder, name)
            for number, line in enumerate(open(path, encoding='utf-8'), 1):
                match = INCLUDE.match(line)
                if not match or '/' not in match.group(1):
                    continue
                target = match.group(1).split('/')[0]
                if target not in ALLOWED[room] | {room, 'base'}:
                    bad.append(f'{path}:{number}: {room} may not include {match.group(1)}')
    return bad


def main():
    bad = check(sys.argv[1])
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
