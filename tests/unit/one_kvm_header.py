#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""<papyr/kvm.h> and <linux/kvm.h> in one program are an error that says so, in either order."""
import subprocess
import sys

include, compiler = sys.argv[1], sys.argv[2:]
WORDS = 'stands in for <linux/kvm.h>'


def compile_with(*headers):
    source = ''.join(f'#include <{h}>\n' for h in headers)
    return subprocess.run(compiler + ['-I', include, '-fsyntax-only', '-x', 'c', '-'], input=source,
                          capture_output=True, text=True)


if compile_with('linux/kvm.h').returncode:
    print('this host has no <linux/kvm.h>')
    sys.exit(77)
for good in (['papyr/kvm.h'], ['papyr/kvm.h', 'papyr/papyr.h', 'papyr/kvm.h']):
    result = compile_with(*good)
    if result.returncode:
        sys.exit(f'{good}: {result.stderr}')
for bad in (['papyr/kvm.h', 'linux/kvm.h'], ['linux/kvm.h', 'papyr/kvm.h']):
    result = compile_with(*bad)
    if not result.returncode or WORDS not in result.stderr:
        sys.exit(f'{bad}: {result.stderr or "compiles"}')
