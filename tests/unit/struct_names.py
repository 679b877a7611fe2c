#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that no two structs or unions of the programs have one name, of which a debugger would take either:
struct_names.py SRC. The demo guest is a program of its own."""
import os
import re
import sys

DEFINED = re.compile(r'^(?:typedef |static |const )*(?:struct|union) (\w+) \{', re.M)

where = {}
for folder, _, files in os.walk(sys.argv[1]):
    for name in files:
        path = os.path.join(folder, name)
        if name.endswith(('.c', '.h')) and 'demo_guest' not in path:
            for struct in DEFINED.findall(open(path, encoding='utf-8').read()):
                where.setdefault(struct, []).append(path)
twice = {struct: paths for struct, paths in where.items() if len(paths) > 1}
for struct, paths in sorted(twice.items()):
    print(f"{struct}: {', '.join(paths)}")
sys.exit(not where or bool(twice))
