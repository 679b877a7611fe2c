#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library as an embedder meets it: installed, found by pkg-config, compiled as C and as C++, shared and static.

    embed.py BUILD SOURCES CC
"""
import os
import shutil
import subprocess
import sys
import tempfile

build, sources, cc = sys.argv[1:4]
root = tempfile.mkdtemp(prefix='embed')


def run(*command, **env):
    got = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env})
    if got.returncode:
        sys.exit(f'{command}: {got.stdout}{got.stderr}')
    return got.stdout


def find(name):
    for folder, _, files in os.walk(root):
        if name in files:
            return folder
    sys.exit(f'{name} was not installed')


def flags(*wanted):
    return run('pkg-config', *wanted, 'papyr', PKG_CONFIG_PATH=find('papyr.pc'), PKG_CONFIG_SYSROOT_DIR=root).split()


def check(name, compiler, *more, source='embed.c', runs=((),), says='Hello, Power!\n'):
    program = os.path.join(root, name)
    run(*compiler, os.path.join(sources, 'examples', source), '-o', program, *more)
    for arguments in runs:
        said = run(program, *arguments, LD_LIBRARY_PATH=find('libpapyr.so.0'))
        if said != says:
            sys.exit(f'{name} {arguments} says {said!r}')
    print(f'{name}: ok')


try:
    run('meson', 'install', '-C', build, '--no-rebuild', '--destdir', root)
    check('c-shared', [cc, '-Wall', '-Wextra', '-Werror'], *flags('--cflags', '--libs'))
    check('booke', [cc, '-Wall', '-Wextra', '-Werror'], *flags('--cflags', '--libs'), source='booke.c',
          runs=((), ('e500v2',)), says='Hello, Book E!\n')
    archive = os.path.join(find('libpapyr.a'), 'libpapyr.a')
    check('c-static', [cc], *flags('--cflags'), archive, '-lpthread', '-lm')
    if shutil.which('g++'):
        check('cpp', ['g++', '-x', 'c++'], *flags('--cflags', '--libs'))
    version = run('pkg-config', '--modversion', 'papyr', PKG_CONFIG_PATH=find('papyr.pc')).strip()
    header = open(os.path.join(find('papyr.h'), 'papyr.h'), encoding='utf-8').read()
    number = sum(int(part) * scale for part, scale in zip(version.split('.'), (10000, 100, 1)))
    if f'"{version}"' not in header or f'PAPYR_VERSION_NUMBER {number}\n' not in header:
        sys.exit(f'<papyr/papyr.h> has another version than {version}')
finally:
    shutil.rmtree(root)
