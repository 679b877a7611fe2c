#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that nothing computes with the host's floating-point units while a processor runs, but what carries out the
guest's instructions: XX may be in the host's flag for inexact results then (src/cpu/fp/fpscr.h).

    host_arithmetic.py LIBRARY...

LIBRARY is an archive of objects for x86-64. Of those that ALLOWED doesn't name none may have an instruction that adds,
multiplies, divides, takes roots, rounds or converts.
"""
import os
import re
import subprocess
import sys

# They tell fp/fpscr.h before they compute.
ALLOWED = re.compile(r'(.*/)?(fp_\w+|insn_fp|insn_vmx_float|insn_vsx_\w+)\.c\.o:')
# clang shifts words by powers of two, which it makes as singles: that is exact.
EXACT = [('insn_vector.c.o', 'cvttps2dq')]
COMPUTES = re.compile(r'v?(add|sub|mul|div|sqrt|round|cvt\w*2|fn?m(add|sub)\d*)[sp][sd]\w*$|v?cvt')


def found_in(library):
    listing = subprocess.run(['objdump', '-d', '--no-show-raw-insn', library], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True, check=True).stdout
    objects, allowed, where = 0, True, ''
    for line in listing.splitlines():
        if ' file format ' in line:
            objects += 1
            allowed = ALLOWED.match(line)
            name = line.split(':')[0]
        elif line.endswith('>:'):
            where = line.split('<')[1][:-2]
        elif not allowed and '\t' in line:
            instruction = line.split('\t')[1].split()
            if instruction and COMPUTES.match(instruction[0]) and (os.path.basename(name), instruction[0]) not in EXACT:
                yield f'{library}: {name}: {where} has {instruction[0]}'
    if not objects:
        yield f'{library}: objdump finds no object in it'


def main():
    found = sorted({line for library in sys.argv[1:] for line in found_in(library)})
    print('\n'.join(found))
    if found:
        sys.exit('computes while the guest may have the host keep XX: use integers, or call fpscr_host_used() and name '
                 'the object here')


main()
