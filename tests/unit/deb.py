#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's packages: 'make deb' builds what lintian accepts, and what is in them works where it was unpacked.

    deb.py TREE             builds them; runs a guest if tools/fetch-guest has one
    deb.py TREE packages    looks only whether debian/control wants all that tools/need has for a build, and to run
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


# Every Debian has them, or what builds packages brings them.
EVERYWHERE = {'gcc', 'libc6-dev', 'python3', 'gzip', 'tar'}


def needed(task):
    with open(os.path.join(tree, 'tools/need'), encoding='utf-8') as f:
        return set(re.search(rf'^{task}=\(([^)]*)\)', f.read(), re.M)[1].split())


def wanted(*fields):
    """All packages of these fields of debian/control, whichever package's they are."""
    with open(os.path.join(tree, 'debian/control'), encoding='utf-8') as f:
        text = ''.join(line for line in f if not line.startswith('#'))
    values = ' '.join(re.findall(rf'^(?:{"|".join(fields)}):((?:.*\n )*.*)', text, re.M))
    return set(re.findall(r'[a-z][\w+.-]+', values))


def check_wanted():
    """Formats of disks beside raw ones are all that a papyr without what is recommended lacks."""
    lacks = 0
    for task, more, fields in (('build', set(), ['Build-Depends']), ('run', {'qemu-utils'}, ['Depends']),
                               ('run', set(), ['Depends', 'Recommends'])):
        for name in sorted(needed(task) - wanted(*fields) - EVERYWHERE - more):
            print(f'debian/control does not want {name}, which tools/need has to {task}')
            lacks += 1
    return 1 if lacks or not needed('build') or not needed('run') else 0


def main():
    if sys.argv[2:] == ['packages']:
        return check_wanted()
    for tool in ('dpkg-buildpackage', 'dh', 'lintian'):
        if not shutil.which(tool):
            print(f'skipped: no {tool}; tools/need deb')
            return 77
    run(os.path.join(tree, 'tools/make-deb'), os.path.join(folder, 'deb'),
        env={**os.environ, 'DEBFULLNAME': 'A Builder', 'DEBEMAIL': 'builder@papyr.invalid'})
    deb, root = package('papyr')
    if run('dpkg-deb', '-f', deb, 'Maintainer') != 'A Builder <builder@papyr.invalid>\n':
        sys.exit(f'{deb} is not of who built it')
    _, lib = package('libpapyr0')
    _, dev = package('libpapyr-dev')
    arch = run('dpkg-architecture', '-q', 'DEB_HOST_MULTIARCH').strip()
    tools = os.listdir(os.path.join(root, 'usr/libexec/papyr'))
    if not {'papyr-agent', 'build-debian', 'debian-root', 'exec-guest', 'fetch-guest', 'private-apt'} <= set(tools):
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
    if run(os.path.join(root, 'usr/bin/papyr-oci'), '--version') != run(papyr, 'oci', '--version'):
        sys.exit('papyr-oci is something else than papyr oci')
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
