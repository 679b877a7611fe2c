# SPDX-License-Identifier: Apache-2.0
"""What papyr's --help says of verbs and their options, for what is made of it and checked against it."""
import re
import subprocess
from dataclasses import dataclass, field

# An option's line: its names and values, and behind two blanks what it does, if that isn't on the next line.
OPTION_LINE = re.compile(r' {1,8}(-\S.*?)(?:  +(\S.*))?$')
OPTION = re.compile(r'--?[a-zA-Z][\w-]*')


@dataclass
class Option:
    """An option with all its names. @value: what --help calls it, '' if it takes none."""
    names: list
    value: str
    text: str


@dataclass
class Verb:
    """@words: what may stand first, of a verb that has verbs; @takes: what --help calls its first argument."""
    name: str
    text: str
    options: list = field(default_factory=list)
    words: list = field(default_factory=list)
    takes: str = ''


def run_help(papyr, *verb):
    return subprocess.run([*papyr, *verb, '--help'], check=True, capture_output=True, text=True).stdout


def read_options(head, text):
    """'-c, --cpus N', '--kernel FILE --initrd FILE', '--tight[=DIR]': a value ends an option, and belongs to all names
    before it."""
    found, names = [], []
    for word in head.split():
        if word.startswith('-'):
            name, bracket, value = word.rstrip(',').partition('[=')
            names.append(name)
            if bracket:
                found.append(Option(names, '[' + value, text))
                names = []
        elif found and not names:
            found[-1].value += ' ' + word
        else:
            found.append(Option(names, word, text))
            names = []
    if names:
        found.append(Option(names, '', text))
    return found


def add_option(verb, option):
    """One that has two lines, for two kinds of values, is one; what it does is said behind the second."""
    for known in verb.options:
        if known.names == option.names:
            known.text = known.text or option.text
            return
    verb.options.append(option)


def read_verb(name, summary, text):
    """Options that have no line of their own are in the lines of usage."""
    verb = Verb(name, summary)
    usage = []
    for line in text.split('\n'):
        of_option = OPTION_LINE.match(line)
        if re.match(rf'(?:Usage:|      ) papyr {name}\b', line):
            usage.append(line.split(f'papyr {name}', 1)[1].split())
        elif of_option:
            for option in read_options(of_option[1], of_option[2] or ''):
                add_option(verb, option)
        elif verb.options and not verb.options[-1].text and re.match(' {9,}[^ [(]', line):
            verb.options[-1].text = line.strip()
    known = {n for o in verb.options for n in o.names}
    for words in usage:
        if words and re.fullmatch(r'[a-z]+(?:\|[a-z]+)*', words[0]):
            verb.words += words[0].split('|')
            words = words[1:]
        takes = [w.strip('[].') for w in words if re.match(r'\[?[A-Z]', w) and w != '[OPTION]...']
        verb.takes = takes[0] if takes else ''
        for option in OPTION.findall(' '.join(words)):
            if option not in known and option.startswith('--'):
                verb.options.append(Option([option], '', ''))
                known.add(option)
    if '--help' not in known:
        verb.options.append(Option(['--help'], '', ''))
    return verb


def read_all(papyr):
    """All verbs. @papyr: the command, as a list of words."""
    verbs = []
    for line in run_help(papyr).split('\n'):
        head = re.match(r'  (\w+) ', line)
        if head:
            summary = re.split(r' {2,}|(?<=\.\.\.) ', line.strip())[-1]
            verbs.append(read_verb(head[1], summary, run_help(papyr, head[1])))
    return verbs
