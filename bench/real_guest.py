# SPDX-License-Identifier: Apache-2.0
"""The archive of bench/real's guests: Debian's programs, and files of ours in /bench."""
import glob
import os
import shlex
import shutil
import subprocess

import benchlib as b


def run_tool(*cmd, **kwargs):
    subprocess.run(cmd, check=True, **kwargs)


def userland(which):
    got = subprocess.run([os.path.join(b.TOP, 'tools', 'fetch-userland'), which], stdout=subprocess.PIPE, text=True)
    return None if got.returncode else got.stdout.strip()


def make_text(ours):
    """Text to compress: sources."""
    text = os.path.join(ours, 'text')
    with open(text, 'wb') as f:
        for path in sorted(glob.glob(os.path.join(b.TOP, 'src', '**', '*.[ch]'), recursive=True)):
            with open(path, 'rb') as source:
                f.write(source.read())
    run_tool('xz', '-k', text)


def make_ours(args, root):
    """Files of ours, for the guest and for the host's emulator: /bench."""
    ours = os.path.join(root, 'bench')
    os.makedirs(ours)
    shutil.copytree(os.path.join(b.TOP, 'bench', 'programs'), os.path.join(ours, 'programs'))
    shutil.copytree(os.path.join(b.TOP, 'src'), os.path.join(ours, 'src'))
    shutil.copytree(os.path.join(b.TOP, 'include'), os.path.join(ours, 'include'))
    for name in ('timed', 'copies'):
        shutil.copy(b.built(args, f'{name}.ppc64le'), os.path.join(ours, name))
    make_text(ours)
    run_tool('openssl', 'genrsa', '-out', os.path.join(ours, 'key.pem'), '2048', stderr=subprocess.DEVNULL)


def make_list(root, programs):
    with open(os.path.join(root, 'bench', 'list'), 'w') as f:
        for p in programs:
            f.write(f'/bench/timed {p.name} {shlex.join(p.argv)}\n')


def make_initrd(folder, root, archive):
    """The userland, and after it what is ours."""
    busybox = os.path.join(root, 'usr', 'bin', 'busybox')
    os.makedirs(os.path.dirname(busybox))
    shutil.copy(b.fetch_guest('busybox'), busybox)
    shutil.copy(os.path.join(root, 'bench', 'programs', 'init'), os.path.join(root, 'init'))
    names = subprocess.run(['find', '.', '-mindepth', '1'], cwd=root, stdout=subprocess.PIPE, check=True)
    initrd = os.path.join(folder, 'initrd')
    shutil.copy(archive, initrd)
    with open(initrd, 'ab') as f:
        run_tool('cpio', '-o', '-H', 'newc', '--quiet', '-C', '65536', '-R', '0:0', cwd=root, input=names.stdout, stdout=f)
    return initrd
