#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom: docs/architecture.md's drawing of the rooms, kept true.

    include_lines.py ROOT

Every #include "room/..." or <room/...> in ROOT/src must be of a room, a folder in one, or a file that ALLOWED has for
the folder it stands in; our public headers (<papyr/...>) are allowed everywhere, and include none of a room
themselves. The page must have the drawing that tools/include-graph makes. And no two rooms may give one name to
different structs: a debugger takes either.
"""
import os
import re
import sys

# What each room, and each folder in one, may include besides itself and base. 'cpu' means the files in src/cpu itself,
# 'cpu/*' those in its folders too. Of one that stands here with a file's name, that file only.
ALLOWED = {
    'base': [],
    'hpt': [],
    'cpu/booke': [],
    'cpu/isa': [],
    'cpu/fp': [],
    'cpu/dfp': ['cpu/fp'],
    'cpu/mmu': ['cpu', 'cpu/engine/block.h', 'hpt'],
    'cpu/insn': ['cpu', 'cpu/isa', 'cpu/fp', 'cpu/dfp', 'cpu/mmu', 'cpu/engine/block.h'],
    'cpu/jit': ['cpu', 'cpu/isa', 'cpu/fp/fpscr.h', 'cpu/mmu', 'cpu/insn', 'cpu/engine'],
    'cpu/engine': ['cpu', 'cpu/isa', 'cpu/mmu', 'cpu/insn', 'cpu/jit/jit.h', 'cpu/jit/orders.h'],
    'cpu': ['cpu/booke', 'cpu/isa', 'cpu/fp/fpscr.h', 'cpu/mmu', 'cpu/insn', 'cpu/engine'],
    'hv/hcall': ['hv'],
    'hv/xics': ['hv', 'hv/hcall'],
    'hv': ['hv/hcall', 'hv/xics', 'cpu', 'cpu/booke', 'hpt'],
    'kvm': ['hv/*'],
    'platform': [],
    'devices/block': ['platform'],
    'devices/scsi': ['devices/block', 'platform'],
    'devices/net': ['platform'],
    'devices/tce': ['platform'],
    'devices/pci': ['devices/tce', 'platform'],
    'devices/share': ['platform'],
    'devices/virtio': ['devices/block', 'devices/net', 'devices/pci', 'devices/share', 'platform'],
    'devices/vio': ['devices/block', 'devices/net', 'devices/scsi', 'devices/tce', 'platform'],
    'migration/channel': ['platform/aside.h', 'platform/error.h', 'platform/thread.h'],
    'migration/image': ['platform/aside.h', 'platform/error.h'],
    'migration/state': ['migration/image', 'platform'],
    'migration/file': ['migration/image', 'migration/state', 'platform'],
    'migration/live': ['migration/channel', 'migration/image', 'migration/state', 'platform'],
    'gdb': ['platform'],
    'monitor': ['platform', 'migration/*', 'gdb'],
    'inspect': ['platform', 'migration/image', 'migration/state'],
    'sandbox': ['platform/error.h'],
    'agent': [],
    'cmd': ['agent/protocol.h', 'monitor', 'inspect', 'devices/*', 'platform', 'migration/*', 'gdb/server.h', 'sandbox'],
}
# What is seen of a room from outside rests on nothing within, but for these.
FACE = {'cpu': {'cpu/booke/booke.h', 'cpu/isa/level.h', 'cpu/fp/fpscr.h', 'cpu/mmu/caches.h'}}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
STRUCT = re.compile(r'^(?:typedef )?(struct|union|enum) (\w+) \{')
ROOMS = {place.split('/')[0] for place in ALLOWED}
OTHER_PROGRAMS = ('cmd/demo_guest', 'agent/')  # compiled for guests, and linked with nothing


def place_of(path):
    """The room, or the folder in one, that a path below src/ is in."""
    parts = path.split('/')
    return '/'.join(parts[:2]) if len(parts) > 2 and '/'.join(parts[:2]) in ALLOWED else parts[0]


def sources(src):
    for folder, _, names in sorted(os.walk(src)):
        for name in sorted(names):
            if name.endswith(('.c', '.h', '.S', '.def')):
                yield os.path.relpath(os.path.join(folder, name), src)


def lines_of(src, path):
    with open(os.path.join(src, path), encoding='utf-8') as file:
        yield from enumerate(file, 1)


def includes(src):
    """Each include line of ours: the file, the line's number, and what it includes (public headers: papyr/...)."""
    for path in sources(src):
        for number, line in lines_of(src, path):
            match = INCLUDE.match(line)
            target = match and (match.group(1) or match.group(2))
            if target and '/' in target and (match.group(1) or target.split('/')[0] in ROOMS):
                yield path, number, target


def may_include(here, there):
    """May this place include every header of that one?"""
    return there in ALLOWED[here] or there.split('/')[0] + '/*' in ALLOWED[here]


def allowed(path, target):
    """May the file at path include the file target?"""
    here, there = place_of(path), place_of(target)
    if there in (here, 'base', 'papyr'):
        return True
    if here in FACE and path.endswith('.h'):
        return target in FACE[here]
    return target in ALLOWED[here] or may_include(here, there)


def check(src):
    bad = []
    for path in sources(src):
        if '/' in path and place_of(path) not in ALLOWED:
            bad.append(f'src/{path}: no room of this name is planned')
    if bad:
        return bad
    for path, number, target in includes(src):
        if not allowed(path, target):
            bad.append(f'src/{path}:{number}: {place_of(path)} may not include {target}')
    return bad


def check_public(include):
    """Public headers stand alone: clients have nothing else of ours."""
    bad = []
    for name in sorted(os.listdir(include)):
        for number, line in lines_of(include, name):
            match = INCLUDE.match(line)
            if match and (match.group(1) or match.group(2).split('/')[0] in ROOMS):
                bad.append(f'{name}:{number}: a public header may not include {match.group(1) or match.group(2)}')
    return bad


def check_structs(src):
    bad, first = [], {}
    for path in sources(src):
        if path.startswith(OTHER_PROGRAMS):
            continue
        for number, line in lines_of(src, path):
            match = STRUCT.match(line)
            if match and first.setdefault(match.groups(), path) != path:
                bad.append(f'src/{path}:{number}: {" ".join(match.groups())} is defined in src/{first[match.groups()]} '
                           'too: give one of them another name')
    return bad


def arrows(src):
    """{place: {place: files included}}, without base and the public headers, in ALLOWED's order."""
    found = {place: {} for place in ALLOWED}
    for path, _, target in includes(src):
        here, there = place_of(path), place_of(target)
        if there not in (here, 'base', 'papyr'):
            found[here].setdefault(there, set()).add(target)
    order = list(ALLOWED)
    return {here: dict(sorted(to.items(), key=lambda item: order.index(item[0]))) for here, to in found.items()}


def drawing(src):
    """The arrows as text, from the lowest place up: one line a place. Of some only the headers named are included."""
    width = max(map(len, ALLOWED)) + 2
    lines = []
    for here, to in arrows(src).items():
        ends = []
        for there, files in to.items():
            ends += [there] if may_include(here, there) else sorted(files)
        lines.append(f'{here:{width}}--> {"  ".join(ends)}' if ends else here)
    return '\n'.join(lines)


def check_drawing(root):
    with open(os.path.join(root, 'docs', 'architecture.md'), encoding='utf-8') as file:
        page = file.read()
    wanted = ''.join(f'    {line}\n' for line in drawing(os.path.join(root, 'src')).split('\n'))
    if wanted in page:
        return []
    return ['docs/architecture.md: its drawing is not that of the code; put this in its place:\n' + wanted]


def main():
    root = sys.argv[1]
    src = os.path.join(root, 'src')
    bad = check(src) or check_drawing(root)
    bad += check_public(os.path.join(root, 'include', 'papyr')) + check_structs(src)
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
