#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what bash or zsh completes of papyr's command line, out of what its --help says.

    generate.py bash|zsh OUT PAPYR...
"""
import re
import sys

import helptext

BASH = '''# SPDX-License-Identifier: Apache-2.0
# Completion of papyr's command line in bash. Made of 'papyr --help'.

_papyr_guests()
{
	"$1" list 2>/dev/null | sed -n 's/^\\([A-Za-z0-9_][A-Za-z0-9_.-]*\\) .*/\\1/; 2,$p'
}

# What is of a kind and begins with the word, which both are _papyr's.
_papyr_add()
{
	case $kind in
	files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	guests) mapfile -t COMPREPLY < <(compgen -W "$(_papyr_guests "$1")" -- "$word") ;;
	either)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W "$(_papyr_guests "$1")" -- "$word"; compgen -f -- "$word") ;;
	words*) mapfile -t COMPREPLY < <(compgen -W "${kind#words}" -- "$word") ;;
	esac
}

# An option's value may be behind a '=', which readline makes a word of its own.
_papyr()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} kind= takes= options=

	COMPREPLY=()
	[ "$word" != = ] || word=
	[ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
	if [ "$COMP_CWORD" = 1 ]; then
		kind='words@VERBS@ --help --version'
		_papyr_add "$1"
		return
	fi
	case $verb in
@TAKES@
	*) return ;;
	esac
	case "$verb $before" in
@VALUES@
	esac
	if [ -z "$kind" ] && [[ $word == -* ]]; then
		kind="words$options"
	elif [ -z "$kind" ]; then
		kind=$takes
	fi
	_papyr_add "$1"
}

complete -F _papyr papyr
'''

ZSH = '''#compdef papyr
# SPDX-License-Identifier: Apache-2.0
# Completion of papyr's command line in zsh. Made of 'papyr --help'.

_papyr_guests()
{
	local -a guests=(${${(f)"$(papyr list 2>/dev/null)"}[2,-1]%% *})
	compadd -a guests
}

_papyr_either()
{
	_papyr_guests
	_files
}

_papyr_verbs()
{
	local -a verbs=(
@VERBS@
	)
	_describe verb verbs
}

_papyr()
{
	local curcontext=$curcontext state line
	local -A opt_args

	_arguments -C '(- *)--help[what there is]' '(- *)--version' '1:verb:_papyr_verbs' '*::argument:->rest'
	[[ $state == rest ]] || return
	curcontext=${curcontext%:*:*}:papyr-$words[1]:
	case $words[1] in
@CASES@
	esac
}

_papyr "$@"
'''


def kind_of(value):
    """What a value is, by what --help calls it."""
    words = re.match(r'[a-z]+(?:\|[a-z]+)*(?![\w:])', value)
    first = re.match(r'[A-Z]*(?:\|[A-Z]+)?', value)[0]
    if words:
        return 'words ' + words[0].replace('|', ' ')
    return {'FILE': 'files', 'FILE|URI': 'files', 'DIR': 'folders', 'FOLDER': 'folders', 'NAME': 'guests',
            'NAME|FILE': 'either', 'COMMAND': 'files'}.get(first, 'none')


def of_option(option):
    """A name that is given is no guest's yet."""
    kind = kind_of(option.value)
    return 'none' if kind == 'guests' else kind


def takes(verb):
    return 'words ' + ' '.join(verb.words) if verb.words else kind_of(verb.takes)


def bash(verbs):
    cases, values = [], []
    for v in verbs:
        names = ' '.join(n for o in v.options for n in o.names)
        then = kind_of(v.takes)
        cases.append(f"\t{v.name}) takes='{takes(v)}' options=' {names}' ;;")
        if v.words:
            values += [f"\t'{v.name} {w}') kind='{then}' ;;" for w in v.words]
        for o in v.options:
            if o.value and not o.value.startswith('['):
                values.append('\t' + ' | '.join(f"'{v.name} {n}'" for n in o.names) + f") kind='{of_option(o)}' ;;")
    text = BASH.replace('@VERBS@', ' ' + ' '.join(v.name for v in verbs))
    return text.replace('@TAKES@', '\n'.join(cases)).replace('@VALUES@', '\n'.join(values))


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def escaped(text):
    return re.sub(r'([\[\]:\\])', r'\\\1', text)


def zsh_action(kind):
    if kind.startswith('words'):
        return '(' + kind[6:] + ')'
    return {'files': '_files', 'folders': '_files -/', 'guests': '_papyr_guests', 'either': '_papyr_either'}.get(kind, ' ')


def zsh_option(option):
    lines = []
    for name in option.names:
        text = '*' + name
        optional = option.value.startswith('[')
        if option.value and name.startswith('--'):
            text += '=-' if optional else '='
        if option.text:
            text += '[' + escaped(option.text) + ']'
        if option.value:
            text += ('::' if optional else ':') + escaped(re.match(r'\[?[\w|]+', option.value)[0].strip('['))
            text += ':' + zsh_action(of_option(option))
        lines.append('\t\t' + quoted(text))
    return lines


def zsh_arguments(verb):
    what = [zsh_action(takes(verb))] + ([zsh_action(kind_of(verb.takes))] if verb.words else [])
    if verb.takes == 'COMMAND':
        return ["'(-)1:command:_files'", "'*::argument:_files'"]
    return [f"'{i}: :{w}'" for i, w in enumerate(what, 1) if w != ' '] + ["'*: :_files'"]


def zsh(verbs):
    cases = []
    for v in verbs:
        lines = [line for o in v.options for line in zsh_option(o)] + ['\t\t' + a for a in zsh_arguments(v)]
        cases.append(f'\t{v.name})\n\t\t_arguments \\\n' + ' \\\n'.join(lines) + ' ;;')
    names = '\n'.join('\t\t' + quoted(v.name + ':' + escaped(v.text)) for v in verbs)
    return ZSH.replace('@VERBS@', names).replace('@CASES@', '\n'.join(cases))


def main():
    shell, out, *papyr = sys.argv[1:]
    with open(out, 'w', encoding='utf-8') as f:
        f.write({'bash': bash, 'zsh': zsh}[shell](helptext.read_all(papyr)))


if __name__ == '__main__':
    main()
