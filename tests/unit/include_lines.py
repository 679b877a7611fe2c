#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom: docs/architecture.md's table of rooms, kept true.

    include_lines.py SRC

Every #include "room/..." or <room/...> in SRC/ROOM must be of a room that ROOM may include; our public headers
(<papyr/...>) are allowed everywhere, and include none of a room themselves.
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
    'kvm': {'hv', 'hpt', 'booke'},
    'preload': {'kvm'},
    'platform': set(),
    'migration': {'platform'},
    'monitor': {'platform', 'migration'},
    'inspect': {'platform', 'migration'},
    'cmd': {'monitor', 'inspect', 'platform', 'migration'},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def allowed(room, quoted, angled):
    """Is this include line's target one that the room may include?"""
    target = (quoted or angled).split('/')[0]
    if target in ALLOWED[room] | {room, 'base'}:
        return True
    # <sys/...> and the like are not ours.
    return target not in ALLOWED and (not quoted or target == 'papyr')


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
                if not match or '/' not in match.group(0):
                    continue
                if not allowed(room, *match.groups()):
                    bad.append(f'{path}:{number}: {room} may not include {match.group(1) or match.group(2)}')
    return bad


def check_public(include):
    """Public headers stand alone: clients have nothing else of ours."""
    bad = []
    for name in sorted(os.listdir(include)):
        for number, line in enumerate(open(os.path.join(include, name), encoding='utf-8'), 1):
            match = INCLUDE.match(line)
            if match and (match.group(1) or match.group(2).split('/')[0] in ALLOWED):
                bad.append(f'{name}:{number}: a public header may not include {match.group(1) or match.group(2)}')
    return bad


def main():
    src = sys.argv[1]
    bad = check(src) + check_public(os.path.join(src, '..', 'include', 'papyr'))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
