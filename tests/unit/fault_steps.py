#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The steps at which a migration can meet a fault are those that docs/migration.md lists, and that
tests/guest/test_migrate_faults.py walks through.

    fault_steps.py PROJECT
"""
import os
import re
import sys


def read(*path):
    return open(os.path.join(sys.argv[1], *path), encoding='utf-8').read()


def listed(doc):
    """`source-connected`, `-hello`: a name without its side has the side of the one before."""
    section = doc.split('## Faults on purpose')[1].split('Steps of the source')[1].split('## ')[0]
    side, names = '', set()
    for name in re.findall(r'`((?:source|dest)?-[a-z-]+)`', section):
        side = side if name.startswith('-') else name.split('-')[0]
        names.add(side + name if name.startswith('-') else name)
    return names


def walked(test):
    return {f'{side.lower()}-{step}' for side in ('SOURCE', 'DEST')
            for step in re.findall(r"'([a-z-]+)'", re.search(side + r' = \[([^]]*)\]', test).group(1))}


def main():
    known = set(re.findall(r'STEP\(\w+, "([a-z-]+)"\)', read('src', 'migration', 'channel', 'fault.h')))
    bad = not known
    for what, names in (('docs/migration.md', listed(read('docs', 'migration.md'))),
                        ('test_migrate_faults.py', walked(read('tests', 'guest', 'test_migrate_faults.py')))):
        for name in sorted(known ^ names):
            print(f'{what}: {name} is ' + ('missing' if name in known else 'no step'))
            bad = True
    return 1 if bad else 0


sys.exit(main())
