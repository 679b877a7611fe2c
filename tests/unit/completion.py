#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options, in all places that list them: getopt's tables, --help, the man pages, completion in bash and in zsh.

    completion.py TREE PAPYR BASH ZSH

BASH and ZSH: the two completions. Without a zsh its own isn't tried.
"""
import fcntl
import glob
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

tree, papyr, bash_file, zsh_file = map(os.path.abspath, sys.argv[1:])
sys.path.insert(0, os.path.join(tree, 'src/cmd/completion'))
import helptext  # noqa: E402, from the tree

bad = []


def check(good, why):
    if not good:
        bad.append(why)


# ---- The tables ----

def tables(text):
    """Long options of a source file, with their letters: those that getopt_long() is told of, too."""
    known = ''.join(re.findall(r'getopt_long\(argc, argv, "([^"]*)"', text))
    found = re.findall(r'\{"([\w-]+)", (?:no|required|optional)_argument, NULL, (?:\'(.)\'|\w+)\}', text)
    return [(name, letter if letter in known else '') for name, letter in found]


def check_tables(verbs):
    """
    A file of a verb's, src/cmd/VERB.c or VERB_*.c, or of papyr oci's, container.c, has what its --help has; what verbs
    share is in other files.
    """
    for path in sorted(glob.glob(os.path.join(tree, 'src/cmd/*.c'))):
        file = os.path.basename(path)[:-2].replace('container', 'oci')
        of = [v for v in verbs if file == v.name or file.startswith(v.name + '_')]
        with open(path, encoding='utf-8') as f:
            for name, letter in tables(f.read()):
                for v in of:
                    names = [n for o in v.options for n in o.names]
                    check('--' + name in names, f'{file}.c has --{name}, and papyr {v.name} --help has not')
                    check(not letter or letter == 'h' or '-' + letter in names,
                          f'{file}.c has -{letter}, and papyr {v.name} --help has not')


# ---- The man pages ----

def page_of(verb):
    path = os.path.join(tree, 'man', f'papyr-{verb}.1')
    if not os.path.exists(path):
        return None
    with open(path, encoding='utf-8') as f:
        text = f.read()
    other = re.match(r'\.so man1/papyr-(\w+)\.1', text)
    return page_of(other[1]) if other else re.sub(r'\\f.', '', text.replace('\\-', '-'))


def check_pages(verbs):
    with open(os.path.join(tree, 'man/papyr.1'), encoding='utf-8') as f:
        overview = f.read()
    for v in verbs:
        page = page_of(v.name)
        check(f'papyr\\-{v.name} (1)' in overview, f'man/papyr.1 does not name papyr-{v.name}(1)')
        check(page, f'there is no man/papyr-{v.name}.1')
        for name in [n for o in v.options for n in o.names if n not in ('--help', '-h')]:
            check(page and re.search(rf'(?<![\w-]){re.escape(name)}(?![\w-])', page),
                  f'man/papyr-{v.name}.1 does not have {name}')


# ---- bash ----

def bash_offers(*lines):
    """What bash offers behind each line's words, the last of which is begun."""
    script = f'. "{bash_file}"\ncompopt() {{ :; }}\n'
    for words in lines:
        listed = ' '.join(f"'{w}'" for w in words)
        script += f"COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _papyr '{papyr}'; echo \"${{COMPREPLY[*]}}\"\n"
    got = subprocess.run(['bash', '--norc', '-c', script], check=True, capture_output=True, text=True)
    check(not got.stderr, f'bash: {got.stderr}')
    return [set(line.split()) for line in got.stdout.split('\n')[:len(lines)]]


def check_bash(verbs, folder):
    wanted = [(('papyr', ''), {v.name for v in verbs} | {'--help', '--version'})]
    for v in verbs:
        wanted.append((('papyr', v.name, '-'), {n for o in v.options for n in o.names}))
    os.makedirs(os.path.join(folder, 'sub'))
    with open(os.path.join(folder, 'file'), 'wb'):
        pass
    wanted += [
        (('papyr', 'm'), {'memory', 'migrate'}),
        (('papyr', 'nosuch', ''), set()),
        (('papyr', 'exec', '--net', ''), {'none', 'user'}),
        (('papyr', 'exec', '--net', '=', 'u'), {'user'}),
        (('papyr', 'run', '-m', '-'), set()),
        (('papyr', 'run', '-k', folder + '/'), {folder + '/sub', folder + '/file'}),
        (('papyr', 'exec', '-v', folder + '/'), {folder + '/sub'}),
        (('papyr', 'run', '--restore', '=', folder + '/f'), {folder + '/file'}),
        (('papyr', 'htab', ''), {'stat', 'dump', 'verify', 'diff', 'plot'}),
        (('papyr', 'tlb', ''), {'dump', 'diff'}),
        (('papyr', 'info', folder + '/f'), {folder + '/file'}),
        (('papyr', 'pause', ''), set()),
    ]
    for (words, names), offered in zip(wanted, bash_offers(*[w for w, _ in wanted])):
        check(offered == names, f'bash offers behind {words}: {offered ^ names} wrong')


# ---- zsh: behind a terminal, as its user has it ----

class Zsh:
    def __init__(self, folder):
        shutil.copy(zsh_file, os.path.join(folder, '_papyr'))
        os.symlink(papyr, os.path.join(folder, 'papyr'))
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(TERM='vt100', PATH=folder + ':' + os.environ['PATH'], HOME=folder, ZDOTDIR=folder)
            os.execvp('zsh', ['zsh', '-f', '-i'])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 300, 250, 0, 0))
        self.says(f"PS1='re''ady> '; LISTMAX=0; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; "
                  "unsetopt menu_complete auto_menu\r", 'ready> ')

    def says(self, text, until):
        """What it answers, until it has said that and then nothing for a moment; the rest of ten seconds at most."""
        os.write(self.fd, text.encode())
        got, end = '', time.monotonic() + 30
        while time.monotonic() < end:
            ready = select.select([self.fd], [], [], 0.3)[0]
            if ready:
                got += os.read(self.fd, 65536).decode(errors='replace')
            elif re.search(until, got):
                break
        return got

    def offers(self, line, until):
        got = self.says(line + '\t', until)
        self.says('\x15', '')
        return got


def check_zsh(verbs, folder):
    zsh = Zsh(folder)
    verbs_offered = zsh.offers('papyr ', 'gdb')
    for v in verbs:
        check(re.search(rf'\b{v.name}\b', verbs_offered), f'zsh does not offer papyr {v.name}: {verbs_offered}')
        got = zsh.offers(f'papyr {v.name} --', '--help')
        for name in [n for o in v.options for n in o.names if n.startswith('--')]:
            check(re.search(rf'{name}(?![\w-])', got), f'zsh does not offer papyr {v.name} {name}')
    got = zsh.offers('papyr exec --net ', 'user')
    check('none' in got and 'user' in got, f'zsh offers behind exec --net: {got!r}')
    os.close(zsh.fd)
    os.waitpid(zsh.pid, 0)


def main():
    verbs = helptext.read_all([papyr])
    check(len(verbs) > 10 and sum(len(v.options) for v in verbs) > 50, 'what --help says was not understood')
    check_tables(verbs)
    check_pages(verbs)
    with tempfile.TemporaryDirectory() as folder:
        os.environ['XDG_RUNTIME_DIR'] = folder
        check_bash(verbs, os.path.join(folder, 'here'))
        if shutil.which('zsh'):
            check_zsh(verbs, folder)
        else:
            print('no zsh here')
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
