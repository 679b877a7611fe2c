#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that docs/migration.md shows the table of src/platform/places.def: places_doc.py ROOT."""
import os
import re
import sys

root = sys.argv[1]


def text(*path):
    return open(os.path.join(root, *path), encoding='utf-8').read()


def documented(lines):
    """The rows of the table whose head names the places: (place, move, place)."""
    head, rows = None, set()
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if not line.startswith('|'):
            head = None
        elif head:
            rows |= {(place, cells[0], cell) for place, cell in zip(head, cells[1:-1]) if cell and '-' not in cell}
        elif 'HERE' in cells:
            head = cells[1:-1]
    return rows


table = set(re.findall(r'^MOVE\((\w+),\s*(\w+),\s*(\w+)\)', text('src', 'platform', 'places.def'), re.M))
shown = documented(text('docs', 'migration.md').splitlines())
for row in sorted(table - shown):
    print('not in docs/migration.md: MOVE(%s, %s, %s)' % row)
for row in sorted(shown - table):
    print('only in docs/migration.md: MOVE(%s, %s, %s)' % row)
sys.exit(not table or table != shown)
