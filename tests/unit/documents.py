#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks whether what the documents name exists.

    documents.py TREE PAPYR

In README.md, CONTRIBUTING.md, docs, tests/README.md and the man page: files of the project, links, verbs and options of
papyr (as its --help has them), hypercalls (as include/papyr/papr.h has them).

The other way round: each verb has a man page that is installed and that papyr(1) names, each function of libpapyr is in
papyr(3), each command of the control socket in docs/control-socket.md.

What is planned stands below a heading that begins with "Planned". Files that are named there must not exist, or they are
not planned any more; the rest of such a section isn't looked at.
"""
import glob
import os
import re
import subprocess
import sys

# Folders whose files are told by their names. What papyr itself makes or reads (build/..., /dev/kvm) isn't the project's.
TOPS = ('src', 'tests', 'docs', 'tools', 'bench', 'include', 'man')
PATH = re.compile(r'(?<![\w/.-])(?:%s)/[\w./*<>+-]*[\w*/>]' % '|'.join(TOPS))
LINK = re.compile(r'\]\(([^)#\s]*)(?:#[\w-]*)?\)')
COMMAND = re.compile(r'\bpapyr (htab \w+|[a-z]+)((?: [^`|\'";()\n]*)?)')
OPTION = re.compile(r'(?<![\w-])--?[a-zA-Z][\w-]*')
HCALL = re.compile(r'(?<!\w)H_[A-Z0-9_]+\b')
# Words that follow "papyr" in sentences.
WORDS = {'that', 'is', 'on', 'which', 'of', 'and', 'for', 'inside', 'to', 'it', 'has', 'can', 'alone', 'here', 'there',
         'may', 'as', 'with', 'in', 'at', 'or', 'waits', 'itself', 'does', 'asks', 'finds'}


def text_of(path):
    with open(path, encoding='utf-8') as f:
        text = f.read()
    if path.endswith('.1'):
        text = re.sub(r'\\f.', '', text.replace('\\-', '-').replace('\\(aq', "'"))
    return text


def sections(text):
    """Pairs: is it planned, and the lines with their numbers."""
    planned, lines, result = False, [], []
    for number, line in enumerate(text.split('\n'), 1):
        heading = re.match(r'(?:#+|\.S[HS]) +"?(.*)', line)
        if heading:
            result.append((planned, lines))
            planned, lines = heading.group(1).lower().startswith('planned'), []
        lines.append((number, line))
    return result + [(planned, lines)]


class Tree:
    """What there is to be named."""

    def __init__(self, top, papyr):
        self.top = top
        with open(os.path.join(top, 'include/papyr/papr.h'), encoding='utf-8') as f:
            self.hcalls = set(re.findall(r'\bH_[A-Z0-9_]+\b', f.read()))
        self.papyr = papyr
        self.bench_options = set(OPTION.findall(text_of(os.path.join(top, 'bench/answers'))))
        self.options = {}
        self.verbs = set(re.findall(r'^  (\w+)', self.help([]), re.M))
        for verb in sorted(self.verbs):
            self.options[verb] = set(OPTION.findall(self.help([verb]))) | {'--help', '-h'}
        self.htab = set(re.findall(r'papyr htab (\w+)', self.help(['htab'])))

    def help(self, verb):
        return subprocess.run([self.papyr, *verb, '--help'], check=True, capture_output=True, text=True).stdout

    def has(self, path):
        path = re.sub(r'<[^>]*>', '*', path).rstrip('/')
        path = re.sub(r'\+$', '', path)
        path = os.path.join(self.top, path)
        # A program by its name, without the ending of its source.
        return bool(glob.glob(path) or glob.glob(path + '.c'))


def check_paths(tree, line, planned):
    found = [p for p in PATH.findall(line) if tree.has(p) == planned]
    return [f'{p} is there, and so isn\'t planned any more' if planned else f'there is no {p}' for p in found]


def check_links(tree, folder, line):
    return [f'there is no {target} to link to' for target in LINK.findall(line)
            if target and '://' not in target and not os.path.exists(os.path.join(tree.top, folder, target))]


def check_commands(tree, line):
    bad = []
    for verb, rest in COMMAND.findall(line):
        first, _, second = verb.partition(' ')
        if first in WORDS and first not in tree.verbs:
            continue
        if first not in tree.verbs:
            bad.append(f"papyr has no verb '{first}'")
            continue
        if first == 'htab' and second and second not in tree.htab | WORDS:
            bad.append(f"papyr htab has no '{second}'")
        ours = rest.split(' -- ')[0]  # behind it are another program's
        bad += [f'papyr {first} has no option {o}' for o in OPTION.findall(ours) if o not in tree.options[first]]
    return bad


def check_options(tree, line):
    """Options that stand by themselves must be some verb's or the benches', but for a line about another program of ours."""
    if re.search(r'(?:bench|tools|tests)/', line):
        return []
    every = set().union(tree.bench_options, *tree.options.values())
    return [f'no verb of papyr has the option {o}' for o in re.findall(r'`(--[a-z][\w-]*)(?: [^`]*)?`', line)
            if o not in every]


def check_hcalls(tree, line):
    return [f'include/papyr/papr.h has no {name}' for name in HCALL.findall(line) if name not in tree.hcalls]


def check(tree, name, text):
    bad = []
    for planned, lines in sections(text):
        for number, line in lines:
            found = check_paths(tree, line, planned)
            if not planned:
                found += check_links(tree, os.path.dirname(name), line) + check_commands(tree, line)
                found += check_hcalls(tree, line)
                if not name.startswith('tests'):
                    found += check_options(tree, line)
            bad += [f'{name}:{number}: {what}' for what in found]
    return bad


def untold(verbs, pages, installed, papyr_1):
    """What is missing around man pages; also of those that belong to no verb."""
    bad = [f'man: there is no papyr-{verb}.1' for verb in verbs if f'papyr-{verb}.1' not in pages]
    bad += [f'man/papyr.1: there is nothing of papyr-{verb}' for verb in verbs if f'papyr-{verb} ' not in papyr_1]
    return bad + [f'man/meson.build: {page} is not installed' for page in pages if page not in installed]


def check_told(tree):
    """Is what there is named where users look for it?"""
    def read(path):
        return text_of(os.path.join(tree.top, path))

    pages = [os.path.basename(p) for p in sorted(glob.glob(os.path.join(tree.top, 'man', '*.[0-9]')))]
    bad = untold(sorted(tree.verbs), pages, re.findall(r"'([\w.-]+)'", read('man/meson.build')), read('man/papyr.1'))
    commands = re.findall(r'^    \{"([\w-]+)", ', read('src/monitor/commands.c'), re.M)
    functions = re.findall(r'^\w[\w ]*[ *](papyr_\w+)\(', read('include/papyr/papyr.h'), re.M)
    assert commands and functions
    bad += [f'docs/control-socket.md: there is nothing of {name}' for name in commands
            if not re.search(rf'`{name}[` ]', read('docs/control-socket.md'))]
    return bad + [f'man/papyr.3: there is nothing of {name}()' for name in functions
                  if not re.search(rf'{name}\(', read('man/papyr.3'))]


# What must be found, and what must not.
WRONG = ['`src/booke/tlb.c`', '`docs/nothing.md`', '[a](nothing.md)', 'papyr fly', '`papyr run --fly`', '`--fly`',
         'papyr htab fly x', 'H_FLY', '`src/nothing*.c`', '# Planned\n\n`src/hv/run.c`', '# Planned\n# There\n`src/booke/`']
RIGHT = ['`src/hv/run.c`', '[a](docs/architecture.md#rooms)', '[a](https://nowhere/)', '`papyr run --restore FILE`',
         '`--restore FILE`', 'papyr htab stat x --json', 'H_ENTER', '`src/cpu/isa/<family>.def`', '`tests/kvm/*.c`',
         '# Planned\n\n`src/booke/`, papyr fly, H_FLY', 'a papyr that waits']


def check_itself(tree):
    assert len(untold(['fly'], ['papyr-swim.1'], [], 'papyr-swim (1)')) == 3
    assert not untold(['fly'], ['papyr-fly.1'], ['papyr-fly.1'], 'papyr-fly (1)')
    bad = [f'not found: {text}' for text in WRONG if not check(tree, 'README.md', text)]
    return bad + [f'found wrong: {what}' for text in RIGHT for what in check(tree, 'README.md', text)]


def main():
    tree = Tree(sys.argv[1], os.path.abspath(sys.argv[2]))
    bad = check_itself(tree) + check_told(tree)
    names = ['README.md', 'CONTRIBUTING.md', 'tests/README.md']
    names += sorted(os.path.relpath(p, tree.top) for p in glob.glob(os.path.join(tree.top, 'man', '*.1')))
    names += sorted(os.path.relpath(p, tree.top) for p in glob.glob(os.path.join(tree.top, 'docs', '*.md')))
    for name in names:
        bad += check(tree, name, text_of(os.path.join(tree.top, name)))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
