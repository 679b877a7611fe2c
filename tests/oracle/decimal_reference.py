# SPDX-License-Identifier: Apache-2.0
"""Decimal floating point, from Power ISA 2.07 Book I chapter 5, in exact integers.

A finite number is a sign, a significand and an exponent; a result is known exactly as n / d * 10^e before it is rounded.
"""
from fixed_reference import DECLETS, declet_of
from oracle import A, B, M64, SIGFPE, T, Reference, field, signed, simm  # noqa: F401

reference = Reference()

# The FPSCR.
FX, FEX, VX, OX, UX, ZX, XX = (1 << n for n in range(31, 24, -1))
VXSNAN, VXISI, VXIDI, VXZDZ, VXIMZ, VXVC, FR, FI = (1 << n for n in range(24, 16, -1))
C_FPCC, FPCC = 0x1f000, 0xf000
VXCVI = 0x100
VE, OE, UE, ZE, XE = 0x80, 0x40, 0x20, 0x10, 8
INVALID = VXSNAN | VXISI | VXIDI | VXZDZ | VXIMZ | VXVC | 0x700
EVEN, ZERO, UP, DOWN, AWAY_TIE, ZERO_TIE, AWAY, SHORTER = range(8)  # rounding modes by DRN

FINITE, INFINITY, QUIET, SIGNALLING = 'finite', 'infinity', 'quiet', 'signalling'


class Format:
    """@declets of three digits behind one more; @more: exponent bits behind the combination's two."""

    def __init__(self, bits, declets, more, bias, adjustment):
        self.bits, self.declets, self.more, self.bias, self.adjustment = bits, declets, more, bias, adjustment
        self.p = 3 * declets + 1
        self.low, self.high = -bias, (3 << more) - 1 - bias  # exponents
        self.least = self.low + self.p - 1                   # of the smallest normal number, 10 to this power


SHORT = Format(32, 2, 6, 101, None)
LONG = Format(64, 5, 8, 398, 576)
EXTENDED = Format(128, 11, 12, 6176, 9216)
# What wraps a result that is rounded to a shorter format and delivered in its source's.
ADJUSTMENT_BY_SOURCE = {LONG: 192, EXTENDED: 3072}


class Number:
    """Of infinities and NaNs the significand is what the trailing field holds."""

    def __init__(self, kind, sign, significand=0, exponent=0):
        self.kind, self.sign, self.significand, self.exponent = kind, sign, significand, exponent

    def zero(self): return self.kind == FINITE and self.significand == 0
    def nan(self): return self.kind in (QUIET, SIGNALLING)


def unpack(f, v):
    sign, combination = v >> f.bits - 1, v >> f.bits - 6 & 31
    following = v >> 10 * f.declets & (1 << f.more) - 1
    digits = 0
    for i in reversed(range(f.declets)):
        packed = DECLETS[v >> 10 * i & 0x3ff]
        digits = 1000 * digits + 100 * (packed >> 8) + 10 * (packed >> 4 & 15) + (packed & 15)
    if combination >> 1 == 15:
        kind = INFINITY if not combination & 1 else SIGNALLING if following >> f.more - 1 else QUIET
        return Number(kind, sign, digits)
    if combination >> 3 == 3:
        high, first = combination >> 1 & 3, 8 + (combination & 1)
    else:
        high, first = combination >> 3, combination & 7
    return Number(FINITE, sign, first * 1000 ** f.declets + digits, (high << f.more | following) - f.bias)


def pack(f, number):
    """With the preferred declets, and reserved bits zero."""
    digits, trailing = number.significand, 0
    for i in range(f.declets):
        digits, three = divmod(digits, 1000)
        trailing |= declet_of(three // 100, three // 10 % 10, three % 10) << 10 * i
    if number.kind != FINITE:
        head = {INFINITY: 30 << f.more, QUIET: 31 << f.more, SIGNALLING: 31 << f.more | 1 << f.more - 1}[number.kind]
    else:
        assert f.low <= number.exponent <= f.high and digits < 10
        biased = number.exponent + f.bias
        high, following = biased >> f.more, biased & (1 << f.more) - 1
        head = (24 | high << 1 | digits & 1 if digits > 7 else high << 3 | digits) << f.more | following
    return number.sign << f.bits - 1 | head << 10 * f.declets | trailing


def digits_of(n):
    """How many digits; none for zero."""
    if n == 0:
        return 0
    guess = int((n.bit_length() - 1) * 0.30103)
    while 10 ** guess <= n:
        guess += 1
    while guess and 10 ** (guess - 1) > n:
        guess -= 1
    return guess


def round_up(mode, sign, c, rest, whole):
    """Does c + rest / whole round away from zero?"""
    if rest == 0:
        return False
    return {EVEN: 2 * rest > whole or 2 * rest == whole and c % 2 == 1,
            ZERO: False, UP: not sign, DOWN: bool(sign),
            AWAY_TIE: 2 * rest >= whole, ZERO_TIE: 2 * rest > whole,
            AWAY: True, SHORTER: c % 5 == 0}[mode]


class Rounded:
    def __init__(self, mode, sign, n, d, e, quantum):
        """n / d * 10^e in units of 10^quantum."""
        n, d = n * 10 ** max(e - quantum, 0), d * 10 ** max(quantum - e, 0)
        c, rest = divmod(n, d)
        self.inexact = rest != 0
        self.up = round_up(mode, sign, c, rest, d)
        self.c, self.q = c + self.up, quantum


def leading(n, d, e):
    """The power of ten of the first digit."""
    at = digits_of(n) - digits_of(d)
    if n * 10 ** max(-at, 0) < d * 10 ** max(at, 0):
        at -= 1
    return at + e


def to_precision(p, mode, sign, n, d, e):
    r = Rounded(mode, sign, n, d, e, leading(n, d, e) - p + 1)
    if r.c == 10 ** p:
        r.c, r.q = r.c // 10, r.q + 1
    return r


def closest(f, p, r, ideal):
    """The member of an exact result's cohort with the exponent closest to the ideal one, of at most @p digits."""
    while r.q < ideal and r.q < f.high and r.c % 10 == 0:
        r.c, r.q = r.c // 10, r.q + 1
    while r.q > ideal and r.q > f.low and 10 * r.c < 10 ** p:
        r.c, r.q = 10 * r.c, r.q - 1


# --- the FPSCR ---

def summarize(s):
    """VX and FEX."""
    s.fpscr &= ~(VX | FEX)
    if s.fpscr & INVALID:
        s.fpscr |= VX
    enabled = ((VX, VE), (OX, OE), (UX, UE), (ZX, ZE), (XX, XE))
    if any(s.fpscr & exception and s.fpscr & enable for exception, enable in enabled):
        s.fpscr |= FEX


def exception(s, bits):
    if bits & ~s.fpscr:
        s.fpscr |= FX
    s.fpscr |= bits
    summarize(s)


def class_of(f, number):
    """FPRF: C, <, >, =, ?"""
    if number.kind == QUIET:
        return 0b10001
    if number.kind == SIGNALLING:
        return 0b00001
    if number.kind == INFINITY:
        return 0b01001 if number.sign else 0b00101
    if number.significand == 0:
        return 0b10010 if number.sign else 0b00010
    if digits_of(number.significand) + number.exponent - 1 < f.least:
        return 0b11000 if number.sign else 0b10100
    return 0b01000 if number.sign else 0b00100


def set_fprf(s, v):
    s.fpscr = s.fpscr & ~C_FPCC | v << 12


def set_fr_fi(s, fr, fi):
    s.fpscr = s.fpscr & ~(FR | FI) | (FR if fr else 0) | (FI if fi else 0)


def finish(s, w):
    """CR1 of a record form; the interrupt of an enabled exception."""
    if w & 1:
        s.set_cr_field(1, s.fpscr >> 28 & 15)
    if s.fpscr & FEX:
        s.signal = SIGFPE


# --- operands and results ---

def quad(w):
    return w >> 26 == 63


def format_of(w):
    return EXTENDED if quad(w) else LONG


def operand_bits(s, w, n):
    return s.fpr(n) << 64 | s.fpr(n + 1) if quad(w) else s.fpr(n)


def operand(s, w, n):
    return unpack(format_of(w), operand_bits(s, w, n))


def put_bits(s, n, v, is_pair):
    if is_pair:
        s.set_fpr(n, v >> 64)
        s.set_fpr(n + 1, v & M64)
    else:
        s.set_fpr(n, v)


def put(s, w, number):
    put_bits(s, T(w), pack(format_of(w), number), quad(w))


def mode_of(s):
    return s.fpscr >> 32 & 7


DEFAULT_NAN = Number(QUIET, 0)


def deliver(s, w, number, fr=False, fi=False):
    """A result in the instruction's own format, its class, FR and FI."""
    put(s, w, number)
    set_fprf(s, class_of(format_of(w), number))
    set_fr_fi(s, fr, fi)
    finish(s, w)


def invalid(s, w, bits, number=DEFAULT_NAN):
    """An invalid operation: a quiet NaN, or nothing if it is enabled."""
    exception(s, bits)
    set_fr_fi(s, False, False)
    if not s.fpscr & VE:
        put(s, w, number)
        set_fprf(s, class_of(format_of(w), number))
    finish(s, w)


def propagated(s, w, *operands):
    """If there is a NaN: the first signalling one, made quiet, else the first. True: the instruction is done."""
    for kind in (SIGNALLING, QUIET):
        for number in operands:
            if number.kind != kind:
                continue
            quiet = Number(QUIET, number.sign, number.significand)
            if kind == SIGNALLING:
                invalid(s, w, VXSNAN, quiet)
            else:
                deliver(s, w, quiet)
            return True
    return False


def rounded_result(s, f, sign, n, d, e, ideal, source=None):
    """
    Rounds to @f and notes exceptions, FR, FI and FPRF. @source: the format of what is rounded to a shorter one. Returns the
    result and its format.
    """
    mode, delivered = mode_of(s), f
    if n == 0:
        number = Number(FINITE, sign, 0, min(max(ideal, f.low), f.high))
        set_fprf(s, class_of(f, number))
        set_fr_fi(s, False, False)
        return number, f
    adjustment = ADJUSTMENT_BY_SOURCE[source] if source else f.adjustment
    r = to_precision(f.p, mode, sign, n, d, e)
    tiny, overflows, bits = leading(n, d, e) < f.least, r.q > f.high, 0
    if overflows and not s.fpscr & OE:
        infinite = {EVEN: True, ZERO: False, UP: not sign, DOWN: bool(sign), AWAY_TIE: True, ZERO_TIE: True, AWAY: True,
                    SHORTER: False}[mode]
        number = Number(INFINITY, sign) if infinite else Number(FINITE, sign, 10 ** f.p - 1, f.high)
        exception(s, OX | XX)
        set_fprf(s, class_of(f, number))
        set_fr_fi(s, infinite, True)
        return number, f
    if overflows or tiny and s.fpscr & UE:
        bits = OX if overflows else UX
        move = -adjustment if overflows else adjustment
        delivered = source or f
        r.q, ideal = r.q + move, ideal + move
    elif tiny:
        r = Rounded(mode, sign, n, d, e, max(leading(n, d, e) - f.p + 1, f.low))
        bits = UX if r.inexact else 0
    if not r.inexact:
        closest(delivered, f.p, r, ideal)
    exception(s, bits | (XX if r.inexact else 0))
    number = Number(FINITE, sign, r.c, r.q)
    set_fprf(s, class_of(delivered, number))
    set_fr_fi(s, r.up, r.inexact)
    return number, delivered


def arithmetic(s, w, sign, n, d, e, ideal):
    number, _ = rounded_result(s, format_of(w), sign, n, d, e, ideal)
    put(s, w, number)
    finish(s, w)


# --- arithmetic ---

def define_sum(name, negate):
    @reference(name, name + 'q')
    def function(s, w):
        a, b = operand(s, w, A(w)), operand(s, w, B(w))
        if propagated(s, w, a, b):
            return
        b_sign = b.sign ^ negate
        if INFINITY in (a.kind, b.kind):
            if a.kind == b.kind and a.sign != b_sign:
                invalid(s, w, VXISI)
            else:
                deliver(s, w, Number(INFINITY, a.sign if a.kind == INFINITY else b_sign))
            return
        e = min(a.exponent, b.exponent)
        x = (-1) ** a.sign * a.significand * 10 ** (a.exponent - e)
        y = (-1) ** b_sign * b.significand * 10 ** (b.exponent - e)
        sign = int(x + y < 0)
        if x + y == 0:  # of two signs: plus, but minus towards minus infinity
            sign = a.sign if a.sign == b_sign else int(mode_of(s) == DOWN)
        arithmetic(s, w, sign, abs(x + y), 1, e, e)


define_sum('dadd', 0)
define_sum('dsub', 1)


@reference('dmul', 'dmulq')
def dmul(s, w):
    a, b = operand(s, w, A(w)), operand(s, w, B(w))
    if propagated(s, w, a, b):
        return
    sign = a.sign ^ b.sign
    if INFINITY in (a.kind, b.kind):
        if a.zero() or b.zero():
            invalid(s, w, VXIMZ)
        else:
            deliver(s, w, Number(INFINITY, sign))
        return
    e = a.exponent + b.exponent
    arithmetic(s, w, sign, a.significand * b.significand, 1, e, e)


@reference('ddiv', 'ddivq')
def ddiv(s, w):
    a, b = operand(s, w, A(w)), operand(s, w, B(w))
    if propagated(s, w, a, b):
        return
    sign = a.sign ^ b.sign
    if a.kind == INFINITY:
        if b.kind == INFINITY:
            invalid(s, w, VXIDI)
        else:
            deliver(s, w, Number(INFINITY, sign))
    elif b.kind == INFINITY:
        deliver(s, w, Number(FINITE, sign, 0, format_of(w).low))
    elif b.zero():
        if a.zero():
            invalid(s, w, VXZDZ)
            return
        exception(s, ZX)
        set_fr_fi(s, False, False)
        if not s.fpscr & ZE:
            put(s, w, Number(INFINITY, sign))
            set_fprf(s, class_of(format_of(w), Number(INFINITY, sign)))
        finish(s, w)
    else:
        e = a.exponent - b.exponent
        arithmetic(s, w, sign, a.significand, b.significand, e, e)


# --- comparison and tests ---

def put_condition(s, w, v):
    s.fpscr = s.fpscr & ~FPCC | v << 12
    s.set_cr_field(T(w) >> 2, v)


def define_compare(name, ordered):
    @reference(name, name + 'q')
    def function(s, w):
        a, b = operand(s, w, A(w)), operand(s, w, B(w))
        if a.nan() or b.nan():
            put_condition(s, w, 1)
            if SIGNALLING in (a.kind, b.kind):
                exception(s, VXSNAN | (VXVC if ordered and not s.fpscr & VE else 0))
            elif ordered:
                exception(s, VXVC)
        else:
            def value(x):
                """Both with the same exponent; infinities beyond all."""
                if x.kind == INFINITY:
                    return (-1) ** x.sign * 10 ** (2 * EXTENDED.high + 40 - low)
                return (-1) ** x.sign * x.significand * 10 ** (x.exponent - low)
            low = min(x.exponent for x in (a, b))
            x, y = value(a), value(b)
            put_condition(s, w, 8 if x < y else 4 if x > y else 2)
        if s.fpscr & FEX:
            s.signal = SIGFPE


define_compare('dcmpu', False)
define_compare('dcmpo', True)


@reference('dtstex', 'dtstexq')
def dtstex(s, w):
    """The exponents compared; infinities have equal ones, and NaNs."""
    a, b = operand(s, w, A(w)), operand(s, w, B(w))
    if a.kind == FINITE == b.kind:
        put_condition(s, w, 8 if a.exponent < b.exponent else 4 if a.exponent > b.exponent else 2)
    else:
        put_condition(s, w, 2 if a.kind == b.kind or a.nan() and b.nan() else 1)


@reference('dtstsf', 'dtstsfq')
def dtstsf(s, w):
    k, b = s.fpr(A(w)) & 63, operand(s, w, B(w))
    if b.kind != FINITE:
        put_condition(s, w, 1)
        return
    n = digits_of(b.significand)
    put_condition(s, w, 4 if k == 0 or k > n else 8 if k < n else 2)


def test_result(s, w, number, match):
    put_condition(s, w, (8 if number.sign else 0) | (2 if match else 0))


@reference('dtstdc', 'dtstdcq')
def dtstdc(s, w):
    """DCM: zero, subnormal, normal, infinity, quiet NaN, signalling NaN."""
    a = operand(s, w, A(w))
    if a.kind != FINITE:
        which = {INFINITY: 3, QUIET: 4, SIGNALLING: 5}[a.kind]
    else:
        which = 0 if a.zero() else 1 if class_of(format_of(w), a) & 0b10000 else 2
    test_result(s, w, a, field(w, 16, 21) >> 5 - which & 1)


@reference('dtstdg', 'dtstdgq')
def dtstdg(s, w):
    """
    DGM: zero with an exponent that isn't extreme, zero with one that is; subnormal, or normal with an extreme exponent;
    normal without leading digit; normal with one; no finite number.
    """
    f, a = format_of(w), operand(s, w, A(w))
    extreme = a.exponent in (f.low, f.high)
    if a.kind != FINITE:
        which = 5
    elif a.zero():
        which = 1 if extreme else 0
    elif extreme or class_of(f, a) & 0b10000:
        which = 2
    else:
        which = 4 if digits_of(a.significand) == f.p else 3
    test_result(s, w, a, field(w, 16, 21) >> 5 - which & 1)


# --- quantum adjustment ---

def immediate_mode(s, r, rmc):
    if r:
        return (UP, DOWN, AWAY, ZERO_TIE)[rmc]
    return (EVEN, ZERO, AWAY_TIE, mode_of(s))[rmc]


def adjusted(s, w, b, r, says_inexact=True):
    """A number rounded to a quantum: it may be too long."""
    f = format_of(w)
    if r.c >= 10 ** f.p or r.q > f.high:
        invalid(s, w, VXCVI)
        return
    if not says_inexact:
        deliver(s, w, Number(FINITE, b.sign, r.c, r.q))
        return
    if r.inexact:
        exception(s, XX)
    deliver(s, w, Number(FINITE, b.sign, r.c, r.q), r.up, r.inexact)


def quantize(s, w, b, exponent, mode):
    adjusted(s, w, b, Rounded(mode, b.sign, b.significand, 1, b.exponent, exponent))


@reference('dqua', 'dquaq')
def dqua(s, w):
    a, b = operand(s, w, A(w)), operand(s, w, B(w))
    if propagated(s, w, a, b):
        return
    if a.kind == INFINITY == b.kind:
        deliver(s, w, Number(INFINITY, b.sign))
    elif INFINITY in (a.kind, b.kind):
        invalid(s, w, VXCVI)
    else:
        quantize(s, w, b, a.exponent, immediate_mode(s, 0, field(w, 21, 22)))


@reference('dquai', 'dquaiq')
def dquai(s, w):
    b = operand(s, w, B(w))
    if propagated(s, w, b):
        return
    if b.kind == INFINITY:
        invalid(s, w, VXCVI)
    else:
        quantize(s, w, b, signed(A(w), 5), immediate_mode(s, 0, field(w, 21, 22)))


@reference('drrnd', 'drrndq')
def drrnd(s, w):
    """To so many digits as the last six bits of FRA's doubleword say."""
    k, b = s.fpr(A(w)) & 63, operand(s, w, B(w))
    if propagated(s, w, b):
        return
    if b.kind == INFINITY:
        deliver(s, w, Number(INFINITY, b.sign))
    elif k == 0 or k >= digits_of(b.significand):
        deliver(s, w, b)
    else:
        r = to_precision(k, immediate_mode(s, 0, field(w, 21, 22)), b.sign, b.significand, 1, b.exponent)
        adjusted(s, w, b, r)


def define_integral(name, says_inexact):
    @reference(name, name + 'q')
    def function(s, w):
        b = operand(s, w, B(w))
        if propagated(s, w, b):
            return
        if b.kind == INFINITY:
            deliver(s, w, Number(INFINITY, b.sign))
        elif b.exponent >= 0:
            deliver(s, w, b)
        else:
            mode = immediate_mode(s, field(w, 15, 15), field(w, 21, 22))
            adjusted(s, w, b, Rounded(mode, b.sign, b.significand, 1, b.exponent, 0), says_inexact)


define_integral('drintx', True)
define_integral('drintn', False)


# --- conversion between formats ---

def widen(s, w, source, v, target, keeps_signalling):
    b = unpack(source, v)
    if b.kind == SIGNALLING and not keeps_signalling:
        invalid(s, w, VXSNAN, Number(QUIET, b.sign, b.significand))
    else:
        deliver(s, w, Number(INFINITY, b.sign) if b.kind == INFINITY else b)


@reference('dctdp')
def dctdp(s, w): widen(s, w, SHORT, s.fpr(B(w)) & 0xffffffff, LONG, True)


@reference('dctqpq')
def dctqpq(s, w): widen(s, w, LONG, s.fpr(B(w)), EXTENDED, False)


def narrow(s, w, target, keeps_signalling):
    """The result is right-aligned in a word, or the first doubleword of two; one wrapped is in its source's format."""
    source = format_of(w)

    def place(number, f):
        v = pack(f, number)
        put_bits(s, T(w), v << 64 if f is LONG and source is EXTENDED else v, quad(w))

    b = operand(s, w, B(w))
    if b.kind == FINITE:
        number, f = rounded_result(s, target, b.sign, b.significand, 1, b.exponent, b.exponent, source)
        place(number, f)
        finish(s, w)
        return
    number = Number(b.kind, b.sign, b.significand % 1000 ** target.declets if b.nan() else 0)
    if b.kind == SIGNALLING and not keeps_signalling:
        exception(s, VXSNAN)
        number.kind = QUIET
    set_fr_fi(s, False, False)
    if b.kind != SIGNALLING or keeps_signalling or not s.fpscr & VE:
        place(number, target)
        set_fprf(s, class_of(target, number))
    finish(s, w)


@reference('drsp')
def drsp(s, w): narrow(s, w, SHORT, True)


@reference('drdpq')
def drdpq(s, w): narrow(s, w, LONG, False)


# --- conversion to and from integers and packed decimal ---

@reference('dcffix', 'dcffixq')
def dcffix(s, w):
    v = signed(s.fpr(B(w)), 64)
    arithmetic(s, w, int(v < 0), abs(v), 1, 0, 0)


@reference('dctfix', 'dctfixq')
def dctfix(s, w):
    b = operand(s, w, B(w))
    bits, r = 0, None
    if b.nan():
        bits, v = VXCVI | (VXSNAN if b.kind == SIGNALLING else 0), -1 << 63
    elif b.kind == INFINITY:
        bits, v = VXCVI, -1 << 63 if b.sign else (1 << 63) - 1
    else:
        r = Rounded(mode_of(s), b.sign, b.significand, 1, b.exponent, 0)
        v = -r.c if b.sign else r.c
        if v != signed(v, 64):
            bits, v = VXCVI, -1 << 63 if b.sign else (1 << 63) - 1
    if bits:
        exception(s, bits)
        set_fr_fi(s, False, False)
    else:
        if r.inexact:
            exception(s, XX)
        set_fr_fi(s, r.up, r.inexact)
    if not bits or not s.fpscr & VE:
        s.set_fpr(T(w), v & M64)
        s.open('fpscr', C_FPCC)
    finish(s, w)


@reference('ddedpd', 'ddedpdq')
def ddedpd(s, w):
    """SP: without sign; or one digit less, and 1100 or 1111 for plus, 1101 for minus."""
    b, digits = operand(s, w, B(w)), 32 if quad(w) else 16
    if field(w, 11, 11):
        sign = 13 if b.sign else 15 if field(w, 12, 12) else 12
        v = int(str(b.significand % 10 ** (digits - 1)), 16) << 4 | sign
    else:
        v = int(str(b.significand % 10 ** digits), 16)
    put_bits(s, T(w), v, quad(w))
    finish(s, w)


@reference('denbcd', 'denbcdq')
def denbcd(s, w):
    text, sign = f'{operand_bits(s, w, B(w)):x}', 0
    if field(w, 11, 11):
        text, last = text[:-1] or '0', text[-1]
        if last.isdecimal():
            invalid(s, w, VXCVI)
            return
        sign = int(last in 'bd')
    if text.isdecimal():
        deliver(s, w, Number(FINITE, sign, int(text), 0))
    else:
        invalid(s, w, VXCVI)


# --- exponents and digits ---

@reference('dxex', 'dxexq')
def dxex(s, w):
    b = operand(s, w, B(w))
    v = {INFINITY: -1, QUIET: -2, SIGNALLING: -3}.get(b.kind, b.exponent + format_of(w).bias)
    s.set_fpr(T(w), v & M64)
    finish(s, w)


@reference('diex', 'diexq')
def diex(s, w):
    """FRB's sign and digits with an exponent, or as what stands for none."""
    f, biased, b = format_of(w), signed(s.fpr(A(w)), 64), operand(s, w, B(w))
    if 0 <= biased <= f.high + f.bias:
        number = Number(FINITE, b.sign, b.significand, biased - f.bias)
    else:
        kind = {-1: INFINITY, -3: SIGNALLING}.get(biased, QUIET)
        number = Number(kind, b.sign, b.significand % 1000 ** f.declets)
    put(s, w, number)
    finish(s, w)


def define_shift(name, left):
    @reference(name, name + 'q')
    def function(s, w):
        f, a, n = format_of(w), operand(s, w, A(w)), field(w, 16, 21)
        limit = 10 ** f.p if a.kind == FINITE else 1000 ** f.declets
        v = a.significand * 10 ** n % limit if left else a.significand // 10 ** n
        put(s, w, Number(a.kind, a.sign, v, a.exponent))
        finish(s, w)


define_shift('dscli', True)
define_shift('dscri', False)
