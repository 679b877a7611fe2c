#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a file into a C array: embed.py FILE OUT.c NAME"""
import sys

data = open(sys.argv[1], 'rb').read()
name = sys.argv[3]
with open(sys.argv[2], 'w') as out:
    out.write('#include "cmd/demo.h"\n')
    out.write(f'const unsigned char {name}[] __attribute__((aligned(16))) = {{\n')
    for i in range(0, len(data), 16):
        out.write('\t' + ' '.join(f'{b:#04x},' for b in data[i:i + 16]) + '\n')
    out.write(f'}};\nconst size_t {name}_bytes = {len(data)};\n')
