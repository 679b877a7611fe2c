#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds what a formatter leaves behind when it takes lists and code in comments for prose.

    style.py TREE

Looks through the C of src, include, tests and bench that is ours. Before that it must find each of the examples
below, and nothing in the others.
"""
import os
import re
import sys

FOLDERS = ('src', 'include', 'tests', 'bench')
OTHERS = 'tests/sample/zlib'  # fetched for guests to build
COLUMNS = 100      # with tabs of 8
STOPS = '.;:,?!)'  # what a comment's line may end with before one that begins with @argument

# Each rule with text that must be found, and text that is well.
RULES = {
    'a line goes beyond column %d' % COLUMNS: (
        ['\tint ' + 'x' * 90 + ';'], ['\tint ' + 'x' * 87 + ';']),
    "a comment's end stands alone below its only line": (
        ['/* Some text.\n */'], ['/* Some text. */', '/*\n * Some text.\n */', '/* Some text that\n * goes on. */']),
    'an @argument begins a line in the midst of a sentence': (
        ['/*\n * Marks the page changed when\n * @store. NULL: no such.\n */'],
        ['/*\n * Marks it.\n * @store: NULL: no such.\n */', '/*\n * @gpr[4]: flags\n * @gpr[5]: more\n */']),
    'a list has become prose': (
        ['/*\n * r4 flags: others\n * without effect r5 ptex r6:       what\n */',
         '/*\n *\t0  token, 12  arguments; 16 of\n * both together The first one\n */',
         '/*\n * configuration  7 | bytes 4\n * | data\n */'],
        ['/*\n * r4 flags: others\n * r5 ptex\n * r6:       what\n */', '/*\n *\t 0  token\n *\t 4  more\n */',
         '/*\n * One sentence.  And another.\n */', '/*\n *  63   0\n * +-----+\n * |  0  |\n */']),
    'a comment follows a comment': (
        ['/*\n * Where bytes live.\n */\n/* The same, but. */\nint f(void);'],
        ['/* Where bytes live. */\nint e(void);\n/* The same, but. */\nint f(void);',
         '/* SPDX-License-Identifier: Apache-2.0 */\n/*\n * Of a file.\n */', '/* clang-format off */\n/* Why. */']),
    'a declaration is broken before its name': (
        ['\t_Atomic u64\n\t    must_reach; /* up to which */', '\tstruct hv_vcpu\n\t    *_Atomic vcpus[9];'],
        ['\t_Atomic u64 must_reach;', '\telse\n\t\treturn;', '\tbool\n']),
    '&& clings to one side': (
        ['\tif (a &&b)', '\tif (a&& b)', '\tCR(x, a&&b)'], ['\tif (a && b)', '\tx = (a) &&\n', '\tgoto *&&label;']),
    'a loop over the vcpus hides what it repeats': (
        ['\thv_for_each_vcpu(vcpu, vm) ask(vcpu);', '\thv_for_each_vcpu(vcpu, vm)\n\t{'],
        ['\thv_for_each_vcpu(vcpu, vm)\n\t\task(vcpu);', '\thv_for_each_vcpu(vcpu, vm) {']),
}


def width(line):
    return len(line.expandtabs(8))


def comment_lines(lines):
    """For each line what it holds of a comment that is longer than a line, None elsewhere."""
    inside = False
    for line in lines:
        if inside:
            inside = '*/' not in line
            yield re.sub(r'^\s*\*? ?', '', re.sub(r' ?\*/.*', '', line))
        else:
            inside = bool(re.search(r'/\*(?!.*\*/)', line))
            yield re.sub(r'^.*/\*+ ?', '', line) if inside else None


def prose(text):
    """Could this be a line of a sentence: no table, no drawing, no code?"""
    return bool(text) and not re.search(r'\t|\S {2,}\S', text) and text[0] not in ' -+|*0123456789@' and \
        not re.match(r'\w+:', text)


def became_prose(before, text, after):
    """A row of a list among words of sentences; or the end of a row below it."""
    if re.match(r'\| \w+', text) and '|' not in after and re.search(r'\w+ \| |\| \w', before) and \
            '+--' not in before + after:
        return True
    gap = re.search(r'\S {2,}\S', text)
    if not gap or re.search(r'[.:?!] {2}\S', text) and not re.search(r'\S {3,}\S', text):
        return False
    # In a list each row has its gap at the beginning; here words run up to it and go on from it.
    return gap.start() > 24 and prose(before) and not re.match(r'[\t ]', text) and '+' not in text


def rule_long(lines, _):
    return [i for i, line in enumerate(lines) if width(line) > COLUMNS]


def rule_lone_end(lines, _):
    return [i for i in range(1, len(lines)) if re.match(r'\s*\*/\s*$', lines[i]) and
            re.match(r'\s*/\*+ *[^\s*]', lines[i - 1]) and '*/' not in lines[i - 1]]


def rule_argument(_, comments):
    return [i for i in range(1, len(comments)) if comments[i] and comments[i][0] == '@' and comments[i - 1] and
            comments[i - 1].rstrip() and comments[i - 1].rstrip()[-1] not in STOPS and
            not re.match(r'[@ ]', comments[i - 1])]


def rule_list(_, comments):
    text = [c or '' for c in comments] + ['']
    return [i for i in range(1, len(comments)) if comments[i] and
            (became_prose(text[i - 1], text[i], text[i + 1]) or
             # What goes on at the margin below a row isn't the row's.
             re.match(r'\t.*\w', text[i - 1]) and re.match(r'\S', text[i]))]


def rule_two_comments(lines, comments):
    found = []
    for i in range(1, len(lines)):
        ended = comments[i - 1] is not None and re.match(r'\s*\*/\s*$', lines[i - 1])
        if ended and comments[i] is None and re.match(r'/\* (?!clang-format|----)', lines[i]):
            found.append(i)
    return found


def rule_declaration(lines, comments):
    return [i for i in range(1, len(lines)) if comments[i] is None and
            re.match(r'\s+(?:(?:struct|enum|union|unsigned|const|_Atomic) )*\w+$', lines[i - 1]) and
            not re.match(r'\s+(?:else|do)$', lines[i - 1]) and
            re.match(r'\s+\*?(?:_Atomic )?\w+(?:\[.*\])?;', lines[i])]


def rule_and(lines, comments):
    return [i for i, line in enumerate(lines) if comments[i] is None and
            re.search(r'[\w)] ?&&\w|\w&& ', re.sub(r'"(?:\\.|[^"\\])*"|/\*.*', '""', line))]


def rule_loop(lines, _):
    return [i for i, line in enumerate(lines) if re.match(r'\s*hv_for_each_vcpu\([^)]*\) [^{]', line) or
            re.match(r'\s*hv_for_each_vcpu\(', line) and i + 1 < len(lines) and lines[i + 1].strip() == '{']


CHECKS = dict(zip(RULES, (rule_long, rule_lone_end, rule_argument, rule_list, rule_two_comments, rule_declaration,
                          rule_and, rule_loop)))


def find(text, rule):
    lines = text.split('\n')
    return CHECKS[rule](lines, list(comment_lines(lines)))


def check_rules():
    bad = []
    for rule, (wrong, right) in RULES.items():
        bad += [f'not found, "{rule}":\n{text}' for text in wrong if not find(text, rule)]
        bad += [f'found where there is none, "{rule}":\n{text}' for text in right if find(text, rule)]
    return bad


def sources(tree):
    for top in FOLDERS:
        for folder, folders, files in os.walk(os.path.join(tree, top)):
            folders[:] = [name for name in folders if os.path.relpath(os.path.join(folder, name), tree) != OTHERS]
            yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(('.c', '.h')))


def main():
    tree = sys.argv[1]
    bad = check_rules()
    for path in sources(tree):
        with open(path, encoding='utf-8') as f:
            text = f.read()
        for rule in RULES:
            bad += [f'{os.path.relpath(path, tree)}:{i + 1}: {rule}' for i in find(text, rule)]
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
