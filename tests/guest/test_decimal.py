#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decimal arithmetic by the guest's processor, in all rounding modes, is what Python's decimal module says; and
the guest's kernel tells its programs that they may use it."""
import decimal

from papyrtest import autorun, built, check, debian, fail, workdir

MODES = [decimal.ROUND_HALF_EVEN, decimal.ROUND_DOWN, decimal.ROUND_CEILING, decimal.ROUND_FLOOR,
         decimal.ROUND_HALF_UP, decimal.ROUND_HALF_DOWN, decimal.ROUND_UP, decimal.ROUND_05UP]
OPERATIONS = {'add': 'add', 'sub': 'subtract', 'mul': 'multiply', 'div': 'divide'}
# By hexadecimal digits: declets, bits of the exponent's continuation, bias, precision, largest exponent
FORMATS = {16: (5, 8, 398, 16, 384), 32: (11, 12, 6176, 34, 6144)}


def declet_digits(v):
    """Three digits in ten bits."""
    a, b, c = v >> 7 & 7, v >> 4 & 7, v & 7
    if not v & 8:
        return a, b, c
    low = c & 1
    last = v >> 1 & 3
    if last == 0:
        return a, b, 8 | low
    if last == 1:
        return a, 8 | b & 1, b & 6 | low
    if last == 2:
        return 8 | a & 1, b, a & 6 | low
    middle = b >> 1
    return {0: (8 | a & 1, 8 | b & 1, a & 6 | low), 1: (8 | a & 1, a & 6 | b & 1, 8 | low),
            2: (a, 8 | b & 1, 8 | low), 3: (8 | a & 1, 8 | b & 1, 8 | low)}[middle]


def number(word):
    declets, bits, bias, _, _ = FORMATS[len(word)]
    v = int(word, 16)
    sign = v >> (len(word) * 4 - 1)
    combination = v >> (10 * declets + bits) & 31
    if combination == 30:
        return decimal.Decimal((sign, (), 'F'))
    if combination == 31:
        return decimal.Decimal('NaN')
    high, first = (combination >> 1 & 3, 8 | combination & 1) if combination >= 24 else \
        (combination >> 3, combination & 7)
    exponent = (high << bits | v >> (10 * declets) & (1 << bits) - 1) - bias
    digits = [first]
    for i in reversed(range(declets)):
        digits += declet_digits(v >> (10 * i) & 1023)
    return decimal.Decimal((sign, digits, exponent))


def expected(operation, mode, a, b, width):
    _, _, _, precision, largest = FORMATS[width]
    context = decimal.Context(prec=precision, rounding=MODES[mode], Emin=1 - largest, Emax=largest, clamp=1,
                              traps=[])
    return getattr(context, OPERATIONS[operation])(a, b)


def same(a, b):
    return a.is_nan() and b.is_nan() or a.compare_total(b) == 0


folder = workdir()
script = autorun(folder, './decimal')
guest = debian(folder, cpus='1', memory='256M', files=[script, built('decimal')])
found = guest.expect(r'decimal floating point in AT_HWCAP: (\w+)[\r\n]+([^$]*)decimal done', 60,
                     never='Kernel panic|Illegal')
guest.wait_for_status(0)
check(found.group(1) == 'yes', 'Linux does not tell of decimal floating point')
lines = [line.split() for line in found.group(2).replace('\r', '').splitlines() if line[:3] in OPERATIONS]
for operation, mode, *words in lines:
    a, b, r = [number(w) for w in words]
    want = expected(operation, int(mode), a, b, len(words[0]))
    if not same(r, want):
        fail(f'{a} {operation} {b} in mode {mode}: {r}, not {want}')
print(f'{len(lines)} results checked')
check(len(lines) == 768, 'not all results came')
