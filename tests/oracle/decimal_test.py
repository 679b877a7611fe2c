#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decimal floating point against decimal_reference.py; the reference's arithmetic against Python's decimal (libmpdec)."""
import decimal
import random

import decimal_reference as ref
from decimal_reference import (EXTENDED, FI, FINITE, INFINITY, LONG, OE, OX, QUIET, SHORT, SIGNALLING, UE, UX, Number,
                               reference)
from oracle import A, B, M64, T, Check, Side, State, left_out, memory, some


def digits(rng, p):
    """A significand of at most @p digits: few, many, nines, ties, trailing zeros."""
    n = p if rng.randrange(3) == 0 else rng.randrange(p + 1)
    kind = rng.randrange(8)
    if n == 0:
        return 0
    if kind == 0:
        return 10 ** n - 1
    if kind == 1:
        return 10 ** (n - 1) * rng.randrange(1, 10)
    v = rng.randrange(10 ** (n - 1), 10 ** n)
    zeros = rng.randrange(n) if kind < 4 else 0
    v -= v % 10 ** zeros
    if kind == 2 and zeros:
        v += 5 * 10 ** (zeros - 1)
    if kind == 5:
        v += some(rng, (0, 5, 9)) - v % 10
    return v


def exponent(rng, f):
    few = rng.randrange(f.p + 3)
    return some(rng, (f.low + few, f.low, f.high - few, f.high, f.low // 2 + few, f.high // 2 - few, -few, 0, few, -f.p // 2,
                      rng.randrange(f.low, f.high + 1), rng.randrange(-110, 100), rng.randrange(-420, 380)))


def number(rng, f):
    sign = rng.randrange(2)
    if rng.randrange(9) == 0:
        kind = some(rng, (INFINITY, QUIET, SIGNALLING))
        return Number(kind, sign, digits(rng, f.p - 1) if rng.randrange(2) else 0)
    return Number(FINITE, sign, digits(rng, f.p), min(max(exponent(rng, f), f.low), f.high))


def encoded(rng, f, n):
    """A number as a register holds it, now and then not as one would write it."""
    v = ref.pack(f, n)
    if rng.randrange(4) == 0:  # declets whose two first bits mean nothing
        for i in range(f.declets):
            if v >> 10 * i & 0x6e == 0x6e:
                v |= rng.randrange(4) << 10 * i + 8
    if n.kind != FINITE and rng.randrange(4) == 0:  # reserved bits
        v |= rng.getrandbits(f.more - 1) << 10 * f.declets
    return v


def integer(rng, f):
    edges = (0, 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, 10 ** 16 - 1, 10 ** 16, 10 ** 16 + 5, 99999999999999995,
             9999999999999999500, 10 ** 18)
    v = some(rng, edges) if rng.randrange(3) == 0 else rng.getrandbits(64) >> rng.randrange(64)
    return (v if rng.randrange(2) else -v) & M64


def small(rng, f):
    """Biased exponents, and what stands for infinities and NaNs; numbers of digits."""
    top = f.high + f.bias
    return M64 & some(rng, (top, top + 1, 0, rng.randrange(top + 1), -rng.randrange(6), rng.randrange(36),
                            rng.getrandbits(64)))


def packed(rng, f, signed):
    n = f.bits // 4
    text = ''.join(some(rng, '0123456789') for _ in range(rng.randrange(n + 1))).rjust(n, '0')
    if signed and rng.randrange(8) or rng.randrange(8) == 0:
        text = text[1:] + some(rng, 'abcdef')
    if rng.randrange(8) == 0:
        i = rng.randrange(n)
        text = text[:i] + some(rng, '0123456789abcdef') + text[i + 1:]
    return int(text, 16)


def fits_integer(rng, f):
    """Around the integers that a doubleword holds, and where rounding decides."""
    n = rng.randrange(4)
    v = (1 << 63) + rng.randrange(-12, 12) if n < 2 else rng.getrandbits(rng.randrange(1, 66))
    places = rng.randrange(4)
    v = v * 10 ** places + rng.randrange(10 ** places)
    while v >= 10 ** f.p:
        v, places = v // 10, places - 1
    return Number(FINITE, rng.randrange(2), v, -places)


def put(s, n, f, v):
    """In a register, or a pair from an even one on."""
    if f is EXTENDED:
        s.vsr[n & 30] = v >> 64 << 64 | s.vsr[n & 30] & M64
        s.vsr[n | 1] = (v & M64) << 64 | s.vsr[n | 1] & M64
    else:
        s.vsr[n] = v << 64 | s.vsr[n] & M64


STICKY = ref.OX | ref.UX | ref.ZX | ref.XX | ref.INVALID


def fpscr(rng):
    """Any mode, and anything that an exception left; none that is enabled is pending."""
    v = rng.randrange(8) << 32 | rng.getrandbits(2)
    if rng.randrange(2):
        v |= rng.getrandbits(32) & (ref.FX | ref.FR | ref.FI | ref.C_FPCC | STICKY)
    if rng.randrange(3) == 0:
        v |= rng.getrandbits(8) & 0xf8
    for exception, enable in ((ref.INVALID, ref.VE), (ref.OX, OE), (ref.UX, UE), (ref.ZX, ref.ZE), (ref.XX, ref.XE)):
        if v & enable:
            v &= ~exception
    return v | (ref.VX if v & ref.INVALID else 0)


def operand(rng, m, f, which):
    name = m.rstrip('q')
    if which == 'A' and name in ('drrnd', 'diex', 'dtstsf'):
        return (rng.getrandbits(58) << 6 | rng.randrange(40)) if name != 'diex' and rng.randrange(4) else small(rng, f), LONG
    if m == 'dctdp':
        return rng.getrandbits(32) << 32 | encoded(rng, SHORT, number(rng, SHORT)), LONG
    if m == 'dctqpq':
        return encoded(rng, LONG, number(rng, LONG)), LONG
    if name == 'dcffix':
        return integer(rng, f), LONG
    if name == 'denbcd':
        return packed(rng, f, rng.randrange(2)), f
    if name == 'dctfix' and rng.randrange(2):
        return encoded(rng, f, fits_integer(rng, f)), f
    return encoded(rng, f, number(rng, f)), f


def relate(rng, f, s, w, x):
    """FRB to what is in FRA: the same but for its sign, quantum or a digit."""
    n = ref.unpack(f, x)
    n.sign ^= rng.randrange(2)
    if n.kind == FINITE:
        change = rng.randrange(4)
        if change == 0 and n.significand % 10 == 0 and n.exponent < f.high:
            n.significand, n.exponent = n.significand // 10, n.exponent + 1
        elif change == 1:
            n.significand = min(n.significand + 1, 10 ** f.p - 1)
        elif change == 2:
            n.exponent = min(max(n.exponent + rng.randrange(-f.p - 2, f.p + 3), f.low), f.high)
    put(s, B(w), f, encoded(rng, f, n))


def vary(rng, m, w, base):
    s = base.copy()
    f = ref.format_of(w)
    for n in (T(w), A(w), B(w)):
        s.vsr[n], s.vsr[n ^ 1] = rng.getrandbits(128), rng.getrandbits(128)
    x, kind = operand(rng, m, f, 'A')
    put(s, A(w), kind, x)
    y, kind_b = operand(rng, m, f, 'B')
    put(s, B(w), kind_b, y)
    if kind is kind_b is f and rng.randrange(5) == 0:
        relate(rng, f, s, w, x)
    s.fpscr, s.cr = fpscr(rng), rng.getrandbits(32)
    return s


def base_state(rng, order):
    s = State(order, False)
    memory(rng, s)
    s.gpr = [rng.getrandbits(64) for _ in range(32)]
    s.vsr = [rng.getrandbits(128) for _ in range(64)]
    return s


# --- the reference against another library ---

MODES = (decimal.ROUND_HALF_EVEN, decimal.ROUND_DOWN, decimal.ROUND_CEILING, decimal.ROUND_FLOOR, decimal.ROUND_HALF_UP,
         decimal.ROUND_HALF_DOWN, decimal.ROUND_UP, decimal.ROUND_05UP)
# What libmpdec does of FRA and FRB, by a context.
METHODS = {
    'dadd': lambda context, a, b: context.add(a, b),
    'dsub': lambda context, a, b: context.subtract(a, b),
    'dmul': lambda context, a, b: context.multiply(a, b),
    'ddiv': lambda context, a, b: context.divide(a, b),
    'dqua': lambda context, a, b: context.quantize(b, a),
    'drsp': lambda context, a, b: context.plus(b),
    'drdpq': lambda context, a, b: context.plus(b),
}


def as_decimal(n):
    if n.kind == INFINITY:
        return decimal.Decimal('-Infinity' if n.sign else 'Infinity')
    return decimal.Decimal((n.sign, tuple(map(int, str(n.significand))), n.exponent))


class Doubt:
    """Carries a reference out, and has libmpdec do the same where it knows the operation."""

    def __init__(self, mnemonic):
        self.mnemonic = mnemonic
        self.function = reference.functions[mnemonic]
        self.method = METHODS.get(mnemonic) or METHODS.get(mnemonic.rstrip('q'))
        self.asked = 0

    def __call__(self, s, w):
        a, b = ref.operand(s, w, A(w)), ref.operand(s, w, B(w))
        before, mode = s.fpscr, ref.mode_of(s)
        self.function(s, w)
        if not self.method or b.nan() or a.nan() and self.mnemonic[:2] != 'dr':
            return
        # Exceptions that suppress the result; libmpdec wraps nothing.
        if s.fpscr & ref.VX and before & ref.VE or s.fpscr & ref.ZX and before & ref.ZE or before & (OE | UE):
            return
        self.ask(s, w, a, b, before, mode)

    def ask(self, s, w, a, b, before, mode):
        f, got = ref.format_of(w), ref.operand(s, w, T(w))
        if self.mnemonic == 'drsp':
            f, got = SHORT, ref.unpack(SHORT, s.fpr(T(w)))
        elif self.mnemonic == 'drdpq':
            f, got = LONG, ref.unpack(LONG, s.fpr(T(w)))
        elif self.mnemonic.startswith('dqua'):
            mode = ref.immediate_mode(s, 0, w >> 9 & 3)
        if got.nan() or self.mnemonic[:2] == 'dr' and b.zero():
            return  # an invalid operation; plus() makes -0 0
        self.asked += 1
        context = decimal.Context(prec=f.p, rounding=MODES[mode], Emin=f.least, Emax=f.high + f.p - 1, clamp=1, traps=[])
        a, b, ours = as_decimal(a if not a.nan() else b), as_decimal(b), as_decimal(got)
        theirs = self.method(context, a, b)
        what = f'{self.mnemonic} {a} {b} {MODES[mode]}'
        assert theirs.as_tuple() == ours.as_tuple(), f'{what}: {theirs} by libmpdec, {ours} by the reference'
        assert context.flags[decimal.Inexact] == bool(s.fpscr & FI), f'{what}: inexact or not?'
        if self.mnemonic.startswith('dqua'):
            return  # which neither overflows nor underflows here
        for flag, bit in ((decimal.Overflow, OX), (decimal.Underflow, UX)):
            assert before & bit or context.flags[flag] == bool(s.fpscr & bit), f'{what}: {flag}'


def check_row(check, side, row, words, vectors):
    m = row.mnemonic
    rng = random.Random(f'{check.options.seed} {m} {side.order}')
    doubt = Doubt(m)
    for i in range(words):
        w = row.word(rng, i % 2)
        base = base_state(rng, side.order)
        check.batch(side, m, [w], base, [vary(rng, m, w, base) for _ in range(vectors)], doubt)
    return doubt.asked


def edges(f):
    """Numbers at the ends of everything."""
    most = 10 ** (f.p - 1)
    significands = (0, 1, 5, 10, 15, most, 10 * most - 1, 5 * most, most + 5, most // 10)
    exponents = (f.low, f.low + 1, f.low // 2, -f.p, -1, 0, 1, f.p, f.high // 2, f.high - 1, f.high)
    out = [ref.pack(f, Number(FINITE, sign, c, e)) for sign in (0, 1) for c in significands for e in exponents]
    return out + [ref.pack(f, Number(kind, sign, payload)) for kind in (INFINITY, QUIET, SIGNALLING) for sign in (0, 1)
                  for payload in (0, 123)]


def check_grid(check, side, rows, share):
    """Two operands from the edges; @share: one pair of so many."""
    for row in rows:
        m = row.mnemonic
        if m.rstrip('q') not in ('dadd', 'dsub', 'dmul', 'ddiv', 'dqua', 'dcmpu', 'dcmpo', 'dtstex'):
            continue
        f = ref.format_of(row.match)
        rng = random.Random(f'{check.options.seed} grid {m}')
        base = base_state(rng, side.order)
        w = row.match | 4 << 21 | 6 << 16 | 8 << 11
        numbers, doubt, states = edges(f), Doubt(m), []
        for x in numbers:
            for y in numbers:
                if rng.randrange(share):
                    continue
                s = base.copy()
                put(s, 6, f, x)
                put(s, 8, f, y)
                s.fpscr = fpscr(rng)
                states.append(s)
        for i in range(0, len(states), 128):
            check.batch(side, m, [w], base, states[i:i + 128], doubt)


def main():
    check = Check(__doc__)
    words, vectors = (300, 16) if check.options.long else (12, 16)
    asked = 0
    # Only loads and stores know of byte orders, and there are none.
    for order in ('little', 'big') if check.options.long else ('little',):
        side = Side(check.options.side, order)
        rows = [r for r in side.table() if r.floats() and r.mnemonic[0] == 'd']
        complaints = list(left_out(rows, reference, ()))
        if complaints:
            raise SystemExit('\n'.join(complaints))
        rows = [r for r in rows if not check.only or r.mnemonic in check.only]
        for row in rows:
            asked += check_row(check, side, row, words, vectors)
        if order == 'little':
            check_grid(check, side, rows, 4 if check.options.long else 100)
        side.stop()
    print(f'libmpdec was asked {asked} times')
    check.finish()


main()
