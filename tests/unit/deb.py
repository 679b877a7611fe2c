#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's packages: 'make deb' builds what lintian accepts, and what is in them works where it was unpacked.

    deb.py TREE             builds them; runs a guest if tools/fetch-guest has one
    deb.py TREE packages    looks only whether debian/control wants all that tools/need has for a build
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

tree = os.path.abspath(sys.argv[1])
folder = tempfile.mkdtemp(prefix='papyrdeb')


def run(*command, **more):
    print('$ ' + ' '.join(command), flush=True)
    got = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if got.returncode:
        sys.exit(f'status {got.returncode}: {got.stdout}{got.stderr}')
    return got.stdout


def package(name):
    found = glob.glob(os.path.join(folder, 'deb', f'{name}_*.deb'))
    if len(found) != 1:
        sys.exit(f'{name}: {found}')
    root = os.path.join(folder, name)
    run('dpkg', '-x', found[0], root)
    return found[0], root


def files(root):
    return {os.path.relpath(os.path.join(d, f), root) for d, _, names in os.walk(root) for f in names}


def check_holds(root, *wanted):
    there = files(root)
    for name in wanted:
        if not any(f == name or f.startswith(name + '/') for f in there):
            sys.exit(f'{os.path.basename(root)} has no {name}: {sorted(there)}')


def check_wanted():
    """Those that every Debian has, or that build packages, needn't be said."""
    with open(os.path.join(tree, 'tools/need'), encoding='utf-8') as f:
        needed = set(re.search(r'^build=\(([^)]*)\)', f.read(), re.M)[1].split())
    with open(os.path.join(tree, 'debian/control'), encoding='utf-8') as f:
        wanted = set(re.findall(r'[a-z][\w+.-]+', re.search(r'^Build-Depends:((?:.*\n )*.*)', f.read(), re.M)[1]))
    lacks = needed - wanted - {'gcc', 'libc6-dev', 'python3'}
    for name in sorted(lacks):
        print(f'debian/control does not want {name}')
    return 1 if lacks or not needed else 0


def main():
    if sys.argv[2:] == ['packages']:
        return check_wanted()
    for tool in ('dpkg-buildpackage', 'dh', 'lintian'):
        if not shutil.which(tool):
            print(f'skipped: no {tool}; tools/need deb')
            return 77
    run(os.path.join(tree, 'tools/make-deb'), os.path.join(folder, 'deb'))
    _, root = package('papyr')
    _, lib = package('libpapyr0')
    _, dev = package('libpapyr-dev')
    arch = run('dpkg-architecture', '-q', 'DEB_HOST_MULTIARCH').strip()
    tools = os.listdir(os.path.join(root, 'usr/libexec/papyr'))
    if not {'papyr-agent', 'exec-guest', 'fetch-guest', 'private-apt'} <= set(tools):
        sys.exit(f'papyr exec lacks what it needs: {tools}')
    check_holds(root, 'usr/bin/papyr', 'usr/share/bash-completion/completions/papyr', 'usr/share/man/man1/papyr-exec.1.gz',
                'usr/share/zsh', 'usr/share/doc/papyr/docs', f'usr/lib/{arch}/libpapyr-preload.so')
    check_holds(lib, f'usr/lib/{arch}/libpapyr.so.0')
    check_holds(dev, f'usr/lib/{arch}/libpapyr.a', f'usr/lib/{arch}/pkgconfig/papyr.pc', 'usr/include/papyr/papyr.h',
                'usr/share/man/man3/papyr.3.gz', 'usr/share/doc/papyr/examples/embed.c')
    # Both libraries' packages in one place are what an embedder has.
    shutil.copytree(lib, dev, symlinks=True, dirs_exist_ok=True)
    env = {**os.environ, 'PKG_CONFIG_SYSROOT_DIR': dev, 'PKG_CONFIG_PATH': f'{dev}/usr/lib/{arch}/pkgconfig',
           'LD_LIBRARY_PATH': f'{dev}/usr/lib/{arch}'}
    flags = run('pkg-config', '--cflags', '--libs', 'papyr', env=env).split()
    run('cc', '-o', f'{folder}/embed', f'{dev}/usr/share/doc/papyr/examples/embed.c', *flags)
    run(f'{folder}/embed', env=env)

    papyr = os.path.join(root, 'usr/bin/papyr')
    run(papyr, '--version')
    fetched = subprocess.run([os.path.join(tree, 'tools/fetch-guest'), '--offline', 'kernel'], capture_output=True, check=False)
    if fetched.returncode:
        print('no guest here: papyr exec was not tried')
    elif run(papyr, 'exec', '--', 'uname', '-m', stdin=subprocess.DEVNULL) != 'ppc64le\n':
        sys.exit('papyr exec ran something else')
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
