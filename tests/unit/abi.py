#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What programs linked against libpapyr.so rely on stays: symbols with their versions, the functions' types, constants.

    abi.py LIBRARY HEADERS RECORD COMPILER...     compares with RECORD, which holds what was released
    abi.py --record LIBRARY HEADERS RECORD ...    adds what is new to it

What stands in RECORD may neither change nor vanish as long as the library is called libpapyr.so.0: whoever must break
it takes the next number (soversion, libpapyr.map) and begins a new record. What is new is added on purpose, by --record.
Linux's own numbers and structs, which <papyr/kvm.h> has too, are compared with Linux's header by tests/kvm/compare-abi.
"""
import re
import subprocess
import sys


def output(*command, text=None):
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout


def symbols(library):
    for line in output('nm', '-D', '--defined-only', '-P', library).splitlines():
        name, kind = line.split()[:2]
        if kind != 'A':
            yield f'symbol {name}'


def functions(header):
    """Prototypes, a line each."""
    text = re.sub(r'/\*.*?\*/', '', header, flags=re.S)
    for prototype in re.findall(r'^[a-z][^;{}#]*?\bpapyr_\w+\([^;{}]*\);', text, re.M):
        yield 'function ' + re.sub(r'\s+', ' ', prototype)


def constants(compiler, include):
    """Numbers: macros without arguments and enumerators, as the compiler has them."""
    compiler = compiler + ['-x', 'c', '-I', include]
    source = '#include <papyr/papyr.h>\n#include <papyr/kvm.h>\n'
    names = re.findall(r'^#define ((?:PAPYR|KVM_REG_PPC_PAPYR)_\w+) [^"\s_]', output(*compiler, '-E', '-dM', '-', text=source), re.M)
    names += re.findall(r'\b(PAPYR_\w+) *=', output(*compiler, '-E', '-P', '-', text=source))
    names = sorted(set(names) - {'PAPYR_VERSION_NUMBER', 'PAPYR_TRACE_ALL'})  # these may grow
    # In the assembly, as nothing has to be run then.
    source += 'void f(void) {\n'
    source += ''.join(f'asm volatile("@{name} %0" : : "i"({name}));\n' for name in names)
    for name, value in re.findall(r'@(\w+) \$?(-?\d+)', output(*compiler, '-S', '-o', '-', '-', text=source + '}\n')):
        yield f'constant {name} {int(value) & (1 << 64) - 1:#x}'


def main():
    arguments = sys.argv[1:]
    record = arguments[0] == '--record'
    library, include, path, *compiler = arguments[record:]
    with open(f'{include}/papyr/papyr.h') as f:
        now = set(symbols(library)) | set(functions(f.read())) | set(constants(compiler, include))
    with open(path) as f:
        released = set(f.read().splitlines())
    gone = released - now
    if gone:
        sys.exit('a program that is linked against libpapyr.so.0 would miss:\n' + '\n'.join(sorted(gone)))
    if record:
        with open(path, 'w') as f:
            f.write('\n'.join(sorted(now)) + '\n')
    elif now != released:
        sys.exit('not on record; tests/unit/abi.py --record adds what is to stay for ever:\n' + '\n'.join(sorted(now - released)))


main()
