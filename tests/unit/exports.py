#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The libraries define papyr_* for programs, all of <papyr/papyr.h>, and nothing else."""
import os
import re
import subprocess
import sys

static, shared = sys.argv[1:]
header = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../include/papyr/papyr.h')
with open(header) as f:
    wanted = set(re.findall(r'^[a-z].*?\b(papyr_\w+)\(', f.read(), re.M))
for library, options in ((static, ['-g']), (shared, ['-D'])):
    lines = subprocess.run(['nm', '--defined-only', '-P'] + options + [library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    words = [line.split() for line in lines if line and not line.endswith(':')]
    # Of the shared one: versions (A), and the version behind the name.
    seen = {w[0].split('@')[0] for w in words if w[1] != 'A'}
    if seen != wanted:
        sys.exit(f'{library}: too many: {sorted(seen - wanted)[:9]}, missing: {sorted(wanted - seen)}')
