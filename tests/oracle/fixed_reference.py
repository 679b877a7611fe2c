# SPDX-License-Identifier: Apache-2.0
"""Fixed-point instructions and branches, from Power ISA 2.07 Book I chapters 2 and 3 and Book II chapter 4.

Where the ISA leaves a result open and POWER processors' recorded outputs agree, it is said and expected.
"""
from oracle import A, B, C, CA, M32, M64, OV, SIGBUS, SIGTRAP, SO, Reference, T, field, signed, simm

reference = Reference()


def width(s):
    """How many of a register's low bits make results, carries and comparisons with zero."""
    return 32 if s.narrow else 64


def record(s, value):
    """CR0 of a result."""
    v = signed(value, width(s))
    s.set_cr_field(0, (8 if v < 0 else 4 if v > 0 else 2) | (1 if s.xer & SO else 0))


def overflow(s, whether):
    s.xer = s.xer | OV | SO if whether else s.xer & ~OV


def put(s, n, value, w):
    """A result, and CR0 if bit 31 says so."""
    s.gpr[n] = value & M64
    if w & 1:
        record(s, value)


# --- addition and subtraction ---

@reference('addi')
def addi(s, w):
    s.gpr[T(w)] = (s.base(w) + simm(w)) & M64


@reference('addis')
def addis(s, w):
    s.gpr[T(w)] = (s.base(w) + (simm(w) << 16)) & M64


def sum_of(s, w, x, y, carry, sets_ca, can_overflow):
    """x + y + carry with all that comes of it; x and y are 64 bits each."""
    bits = width(s)
    mask = (1 << bits) - 1
    if sets_ca:
        out = (x & mask) + (y & mask) + carry > mask
        s.xer = s.xer | CA if out else s.xer & ~CA
    if can_overflow and w & 0x400:
        exact = signed(x, bits) + signed(y, bits) + carry
        overflow(s, exact != signed(exact, bits))
    return (x + y + carry) & M64


@reference('addic', 'addic.')
def addic(s, w):
    s.gpr[T(w)] = sum_of(s, w, s.gpr[A(w)], simm(w) & M64, 0, True, False)
    if w >> 26 == 13:
        record(s, s.gpr[T(w)])


@reference('subfic')
def subfic(s, w):
    s.gpr[T(w)] = sum_of(s, w, ~s.gpr[A(w)] & M64, simm(w) & M64, 1, True, False)


def ca(s):
    return 1 if s.xer & CA else 0


# Each as two addends and a carry of (RA), (RB) and CA; whether CA is set.
SUMS = {
    'add': (lambda a, b, c: (a, b, 0), False),
    'subf': (lambda a, b, c: (~a, b, 1), False),
    'addc': (lambda a, b, c: (a, b, 0), True),
    'subfc': (lambda a, b, c: (~a, b, 1), True),
    'adde': (lambda a, b, c: (a, b, c), True),
    'subfe': (lambda a, b, c: (~a, b, c), True),
    'addme': (lambda a, b, c: (a, -1, c), True),
    'subfme': (lambda a, b, c: (~a, -1, c), True),
    'addze': (lambda a, b, c: (a, 0, c), True),
    'subfze': (lambda a, b, c: (~a, 0, c), True),
    'neg': (lambda a, b, c: (~a, 0, 1), False),
}


def define_sum(name, addends, sets_ca):
    @reference(name, name + 'o')
    def function(s, w):
        x, y, carry = addends(s.gpr[A(w)], s.gpr[B(w)], ca(s))
        put(s, T(w), sum_of(s, w, x & M64, y & M64, carry, sets_ca, True), w)


for _name, (_addends, _sets_ca) in SUMS.items():
    define_sum(_name, _addends, _sets_ca)


# --- multiplication and division ---

@reference('mulli')
def mulli(s, w):
    s.gpr[T(w)] = signed(s.gpr[A(w)], 64) * simm(w) & M64


@reference('mullw', 'mullwo')
def mullw(s, w):
    product = signed(s.gpr[A(w)], 32) * signed(s.gpr[B(w)], 32)
    if w & 0x400:
        overflow(s, product != signed(product, 32))
    put(s, T(w), product, w)


@reference('mulld', 'mulldo')
def mulld(s, w):
    product = signed(s.gpr[A(w)], 64) * signed(s.gpr[B(w)], 64)
    if w & 0x400:
        overflow(s, product != signed(product, 64))
    put(s, T(w), product, w)


def high_word(s, w, product):
    """Bits 0 to 31 of RT are undefined: POWER's recorded outputs have the word there too, and CR0 by that."""
    word = product >> 32 & M32
    put(s, T(w), word << 32 | word, w)


@reference('mulhw')
def mulhw(s, w):
    high_word(s, w, signed(s.gpr[A(w)], 32) * signed(s.gpr[B(w)], 32))


@reference('mulhwu')
def mulhwu(s, w):
    high_word(s, w, (s.gpr[A(w)] & M32) * (s.gpr[B(w)] & M32))


@reference('mulhd')
def mulhd(s, w):
    put(s, T(w), signed(s.gpr[A(w)], 64) * signed(s.gpr[B(w)], 64) >> 64, w)


@reference('mulhdu')
def mulhdu(s, w):
    put(s, T(w), s.gpr[A(w)] * s.gpr[B(w)] >> 64, w)


def truncated(dividend, divisor):
    quotient = abs(dividend) // abs(divisor)
    return -quotient if (dividend < 0) != (divisor < 0) else quotient


def divide(s, w, dividend, divisor, bits, extended, fits):
    """
    A quotient of @bits, undefined when it doesn't fit or the divisor is zero. Recorded outputs: zero for the latter, and
    zero above the quotient of an extended word.
    """
    quotient = truncated(dividend, divisor) if divisor else 0
    bad = divisor == 0 or not fits(quotient)
    if w & 0x400:
        overflow(s, bad)
    put(s, T(w), 0 if bad else quotient & (1 << bits) - 1, w)
    if bad and divisor:
        s.open(T(w), M64)
    elif bits == 32 and not extended:
        s.open(T(w), M32 << 32)
    if w & 1 and (bits == 32 and not extended and not s.narrow or bad and divisor):
        s.open('cr', 0xe0000000)


def define_divide(name, is_signed, bits, extended):
    def fits(quotient):
        return quotient == (signed(quotient, bits) if is_signed else quotient & (1 << bits) - 1)

    @reference(name, name + 'o')
    def function(s, w):
        a, b = s.gpr[A(w)] & (1 << bits) - 1, s.gpr[B(w)] & (1 << bits) - 1
        if is_signed:
            a, b = signed(a, bits), signed(b, bits)
        divide(s, w, a << bits if extended else a, b, bits, extended, fits)


for _name, _signed, _bits, _extended in (
        ('divw', True, 32, False), ('divwu', False, 32, False), ('divd', True, 64, False), ('divdu', False, 64, False),
        ('divwe', True, 32, True), ('divweu', False, 32, True), ('divde', True, 64, True), ('divdeu', False, 64, True)):
    define_divide(_name, _signed, _bits, _extended)


# --- comparison, selection, traps ---

def compare(s, w, x, y):
    s.set_cr_field(T(w) >> 2, (8 if x < y else 4 if x > y else 2) | (1 if s.xer & SO else 0))


def define_compares(suffix, bits):
    mask = (1 << bits) - 1

    @reference('cmp' + suffix)
    def cmp(s, w):
        compare(s, w, signed(s.gpr[A(w)], bits), signed(s.gpr[B(w)], bits))

    @reference('cmpl' + suffix)
    def cmpl(s, w):
        compare(s, w, s.gpr[A(w)] & mask, s.gpr[B(w)] & mask)

    @reference('cmp' + suffix + 'i')
    def cmpi(s, w):
        compare(s, w, signed(s.gpr[A(w)], bits), simm(w))

    @reference('cmpl' + suffix + 'i')
    def cmpli(s, w):
        compare(s, w, s.gpr[A(w)] & mask, w & 0xffff)


define_compares('w', 32)
define_compares('d', 64)


@reference('isel')
def isel(s, w):
    s.gpr[T(w)] = s.base(w) if s.cr >> 31 - C(w) & 1 else s.gpr[B(w)]


def trap(s, w, x, y, bits):
    """TO: less, greater, equal, unsigned less, unsigned greater."""
    low, mask = T(w), (1 << bits) - 1
    a, b = signed(x, bits), signed(y, bits)
    if (low & 16 and a < b or low & 8 and a > b or low & 4 and a == b or
            low & 2 and x & mask < y & mask or low & 1 and x & mask > y & mask):
        s.signal = SIGTRAP


@reference('tw')
def tw(s, w): trap(s, w, s.gpr[A(w)], s.gpr[B(w)], 32)


@reference('td')
def td(s, w): trap(s, w, s.gpr[A(w)], s.gpr[B(w)], 64)


@reference('twi')
def twi(s, w): trap(s, w, s.gpr[A(w)], simm(w) & M64, 32)


@reference('tdi')
def tdi(s, w): trap(s, w, s.gpr[A(w)], simm(w) & M64, 64)


# --- logic ---

def define_immediate(name, operation, shift):
    @reference(name)
    def function(s, w):
        s.gpr[A(w)] = operation(s.gpr[T(w)], (w & 0xffff) << shift)
        if name.endswith('.'):
            record(s, s.gpr[A(w)])


for _name, _operation in (('ori', lambda x, y: x | y), ('xori', lambda x, y: x ^ y), ('andi', lambda x, y: x & y)):
    _dot = '.' if _name == 'andi' else ''
    define_immediate(_name + _dot, _operation, 0)
    define_immediate(_name + 's' + _dot, _operation, 16)


def define_logic(name, operation):
    @reference(name)
    def function(s, w):
        put(s, A(w), operation(s.gpr[T(w)], s.gpr[B(w)]), w)


for _name, _operation in (
        ('and', lambda x, y: x & y), ('or', lambda x, y: x | y), ('xor', lambda x, y: x ^ y),
        ('nand', lambda x, y: ~(x & y)), ('nor', lambda x, y: ~(x | y)), ('eqv', lambda x, y: ~(x ^ y)),
        ('andc', lambda x, y: x & ~y), ('orc', lambda x, y: x | ~y)):
    define_logic(_name, _operation)


def define_one(name, operation):
    @reference(name)
    def function(s, w):
        # Only the extensions and counts of leading zeros have a record form; the others' bit 31 is reserved.
        put(s, A(w), operation(s.gpr[T(w)]), w if name[:3] in ('ext', 'cnt') else 0)


def parity(bytes_low_bits):
    return bin(bytes_low_bits & 0x0101010101010101).count('1') & 1


def parts(v, bits):
    """The elements of a doubleword, the least significant first."""
    return [v >> i & (1 << bits) - 1 for i in range(0, 64, bits)]


def joined(elements, bits):
    return sum(e << i * bits for i, e in enumerate(elements))


def ones(v):
    return bin(v).count('1')


def declet_of(hundreds, tens, ones_):
    """Densely packed decimal, IEEE 754-2008 table 3.4: bits named a b c d e f g h i j k m of the three digits."""
    (a, b, c, d), (e, f, g, h), (i, j, k, m) = ([x >> n & 1 for n in (3, 2, 1, 0)] for x in (hundreds, tens, ones_))
    bits = {
        (0, 0, 0): (b, c, d, f, g, h, 0, j, k, m),
        (0, 0, 1): (b, c, d, f, g, h, 1, 0, 0, m),
        (0, 1, 0): (b, c, d, j, k, h, 1, 0, 1, m),
        (1, 0, 0): (j, k, d, f, g, h, 1, 1, 0, m),
        (1, 1, 0): (j, k, d, 0, 0, h, 1, 1, 1, m),
        (1, 0, 1): (f, g, d, 0, 1, h, 1, 1, 1, m),
        (0, 1, 1): (b, c, d, 1, 0, h, 1, 1, 1, m),
        (1, 1, 1): (0, 0, d, 1, 1, h, 1, 1, 1, m),
    }[a, e, i]
    return int(''.join(map(str, bits)), 2)


DECLETS = {declet_of(h, t, o): h << 8 | t << 4 | o for h in range(10) for t in range(10) for o in range(10)}
# The 24 declets that no encoding makes mean the same without their first two bits.
DECLETS.update({d: DECLETS[d & 0xff] for d in range(1024) if d not in DECLETS})
PACKED = {declet_of(h, t, o) << 12 | h << 8 | t << 4 | o for h in range(10) for t in range(10) for o in range(10)}
PACKED = {p & 0xfff: p >> 12 for p in PACKED}


def cdtbcd(v):
    return joined([DECLETS[x >> 10 & 0x3ff] << 12 | DECLETS[x & 0x3ff] for x in parts(v, 32)], 32)


@reference('cbcdtd')
def cbcdtd(s, w):
    out = []
    for i, x in enumerate(parts(s.gpr[T(w)], 32)):
        high, low = PACKED.get(x >> 12 & 0xfff), PACKED.get(x & 0xfff)
        out.append((high or 0) << 10 | (low or 0))
        if high is None or low is None:  # a digit above nine: undefined
            s.open(A(w), 0xfffff << 32 * i)
    s.gpr[A(w)] = joined(out, 32)


for _name, _operation in (
        ('extsb', lambda v: signed(v, 8)), ('extsh', lambda v: signed(v, 16)), ('extsw', lambda v: signed(v, 32)),
        ('cntlzw', lambda v: 32 - (v & M32).bit_length()), ('cntlzd', lambda v: 64 - v.bit_length()),
        ('popcntb', lambda v: joined([ones(x) for x in parts(v, 8)], 8)),
        ('popcntw', lambda v: joined([ones(x) for x in parts(v, 32)], 32)), ('popcntd', ones),
        ('prtyw', lambda v: joined([parity(x) for x in parts(v, 32)], 32)), ('prtyd', parity), ('cdtbcd', cdtbcd)):
    define_one(_name, _operation)


@reference('cmpb')
def cmpb(s, w):
    s.gpr[A(w)] = joined([255 if x == y else 0 for x, y in zip(parts(s.gpr[T(w)], 8), parts(s.gpr[B(w)], 8))], 8)


@reference('bpermd')
def bpermd(s, w):
    out = 0
    for i, index in enumerate(parts(s.gpr[T(w)], 8)):  # the last byte of RS makes the last bit
        if index < 64:
            out |= (s.gpr[B(w)] >> 63 - index & 1) << i
    s.gpr[A(w)] = out


@reference('addg6s')
def addg6s(s, w):
    """A six for each digit position that gives no carry."""
    a, b, out = s.gpr[A(w)], s.gpr[B(w)], 0
    for position in range(16):
        mask = (1 << 4 * position + 4) - 1
        if (a & mask) + (b & mask) <= mask:
            out |= 6 << 4 * position
    s.gpr[T(w)] = out


# --- rotates and shifts ---

def rotl(v, n, bits):
    v &= (1 << bits) - 1
    n %= bits
    return (v << n | v >> bits - n) & (1 << bits) - 1


def mask(first, last):
    """Ones from bit first through bit last, past the end if last comes before first."""
    out = 0
    while True:
        out |= 1 << 63 - first
        if first == last:
            return out
        first = (first + 1) % 64


def rotl32(v, n):
    r = rotl(v, n, 32)
    return r << 32 | r


def word_mask(w):
    return mask(field(w, 21, 25) + 32, field(w, 26, 30) + 32)


@reference('rlwinm')
def rlwinm(s, w):
    put(s, A(w), rotl32(s.gpr[T(w)], B(w)) & word_mask(w), w)


@reference('rlwnm')
def rlwnm(s, w):
    put(s, A(w), rotl32(s.gpr[T(w)], s.gpr[B(w)] & 31) & word_mask(w), w)


@reference('rlwimi')
def rlwimi(s, w):
    m = word_mask(w)
    put(s, A(w), rotl32(s.gpr[T(w)], B(w)) & m | s.gpr[A(w)] & ~m, w)


def split(w):
    """A 6-bit mask bound: bits 21 to 25, and bit 26 above them."""
    return field(w, 26, 26) << 5 | field(w, 21, 25)


def shift6(w):
    return field(w, 30, 30) << 5 | field(w, 16, 20)


@reference('rldicl')
def rldicl(s, w): put(s, A(w), rotl(s.gpr[T(w)], shift6(w), 64) & mask(split(w), 63), w)


@reference('rldicr')
def rldicr(s, w): put(s, A(w), rotl(s.gpr[T(w)], shift6(w), 64) & mask(0, split(w)), w)


@reference('rldic')
def rldic(s, w): put(s, A(w), rotl(s.gpr[T(w)], shift6(w), 64) & mask(split(w), 63 - shift6(w)), w)


@reference('rldimi')
def rldimi(s, w):
    m = mask(split(w), 63 - shift6(w))
    put(s, A(w), rotl(s.gpr[T(w)], shift6(w), 64) & m | s.gpr[A(w)] & ~m, w)


@reference('rldcl')
def rldcl(s, w): put(s, A(w), rotl(s.gpr[T(w)], s.gpr[B(w)] & 63, 64) & mask(split(w), 63), w)


@reference('rldcr')
def rldcr(s, w): put(s, A(w), rotl(s.gpr[T(w)], s.gpr[B(w)] & 63, 64) & mask(0, split(w)), w)


@reference('slw')
def slw(s, w): put(s, A(w), s.gpr[T(w)] << (s.gpr[B(w)] & 63) & M32, w)


@reference('srw')
def srw(s, w): put(s, A(w), (s.gpr[T(w)] & M32) >> (s.gpr[B(w)] & 63), w)


@reference('sld')
def sld(s, w): put(s, A(w), s.gpr[T(w)] << (s.gpr[B(w)] & 127) & M64, w)


@reference('srd')
def srd(s, w): put(s, A(w), s.gpr[T(w)] >> (s.gpr[B(w)] & 127), w)


def algebraic(s, w, bits, n):
    """Right, the sign coming in; CA if the value is negative and ones fall out."""
    v = signed(s.gpr[T(w)], bits)
    s.xer = s.xer | CA if v < 0 and v & (1 << n) - 1 else s.xer & ~CA
    put(s, A(w), v >> n, w)


@reference('sraw')
def sraw(s, w): algebraic(s, w, 32, s.gpr[B(w)] & 63)


@reference('srad')
def srad(s, w): algebraic(s, w, 64, s.gpr[B(w)] & 127)


@reference('srawi')
def srawi(s, w): algebraic(s, w, 32, B(w))


@reference('sradi')
def sradi(s, w): algebraic(s, w, 64, shift6(w))


# --- branches, the condition register, link and count ---

def holds(s, w, counts=True):
    """Does BO's condition hold, after CTR has counted if it is to?"""
    bo = T(w)
    if counts and not bo & 4:
        s.ctr = s.ctr - 1 & M64
        if (s.ctr & (M32 if s.narrow else M64) == 0) != bool(bo & 2):
            return False
    return bo & 16 or s.cr >> 31 - A(w) & 1 == bo >> 3 & 1


def branch(s, w, taken, target):
    """LR is set whether the branch is taken or not. @s.nip: the next instruction."""
    after = s.nip
    if taken:
        s.nip = target & (M32 if s.narrow else M64)
    if w & 1:
        s.lr = after


@reference('b', 'ba', 'bl', 'bla')
def b(s, w): branch(s, w, True, signed(w & 0x03fffffc, 26) + (0 if w & 2 else s.nip - 4))


@reference('bc', 'bca', 'bcl', 'bcla', 'bt', 'bf', 'bdnz', 'bdz')
def bc(s, w): branch(s, w, holds(s, w), signed(w & 0xfffc, 16) + (0 if w & 2 else s.nip - 4))


@reference('bclr', 'blr')
def bclr(s, w): branch(s, w, holds(s, w), s.lr & ~3)


@reference('bcctr', 'bctr', 'bctrl')
def bcctr(s, w): branch(s, w, holds(s, w, counts=False), s.ctr & ~3)


@reference('bctar')
def bctar(s, w): branch(s, w, holds(s, w), s.tar & ~3)



@reference('mfcr')
def mfcr(s, w): s.gpr[T(w)] = s.cr


def fields(fxm):
    """The bits of CR that FXM chooses."""
    return sum(15 << 4 * i for i in range(8) if fxm >> i & 1)


@reference('mfocrf')
def mfocrf(s, w):
    """One field of CR; the rest of RT, or all if FXM has not exactly one bit, is undefined."""
    chosen = field(w, 12, 19)
    s.gpr[T(w)] = s.cr & fields(chosen)
    s.open(T(w), M64 & ~fields(chosen) if ones(chosen) == 1 else M64)


@reference('mtcrf')
def mtcrf(s, w):
    m = fields(field(w, 12, 19))
    s.cr = s.gpr[T(w)] & m | s.cr & ~m


@reference('mtocrf')
def mtocrf(s, w):
    m = fields(field(w, 12, 19))
    s.cr = s.gpr[T(w)] & m | s.cr & ~m
    if ones(field(w, 12, 19)) != 1:
        s.open('cr', M32)


def define_cr(name, operation):
    @reference(name)
    def function(s, w):
        bit = operation(s.cr >> 31 - A(w) & 1, s.cr >> 31 - B(w) & 1) & 1
        s.cr = s.cr & ~(1 << 31 - T(w)) | bit << 31 - T(w)


for _name, _operation in (
        ('crand', lambda x, y: x & y), ('cror', lambda x, y: x | y), ('crxor', lambda x, y: x ^ y),
        ('crnand', lambda x, y: ~(x & y)), ('crnor', lambda x, y: ~(x | y)), ('creqv', lambda x, y: ~(x ^ y)),
        ('crandc', lambda x, y: x & ~y), ('crorc', lambda x, y: x | ~y)):
    define_cr(_name, _operation)


@reference('mcrf')
def mcrf(s, w): s.set_cr_field(T(w) >> 2, s.cr_field(A(w) >> 2))


@reference('mflr')
def mflr(s, w): s.gpr[T(w)] = s.lr


@reference('mtlr')
def mtlr(s, w): s.lr = s.gpr[T(w)]


@reference('mfctr')
def mfctr(s, w): s.gpr[T(w)] = s.ctr


@reference('mtctr')
def mtctr(s, w): s.ctr = s.gpr[T(w)]


# Special registers by number.
XER, TAR = 1, 815


def special(w):
    """Its number, the halves of which are swapped in the instruction."""
    return B(w) << 5 | A(w)


@reference('mfspr')
def mfspr(s, w): s.gpr[T(w)] = {XER: s.xer, TAR: s.tar}[special(w)]


@reference('mtspr')
def mtspr(s, w):
    """Reserved bits of XER may keep what is written or not."""
    if special(w) == TAR:
        s.tar = s.gpr[T(w)]
    else:
        s.xer = s.gpr[T(w)] & (SO | OV | CA | 127)
        s.open('xer', M64 & ~(SO | OV | CA | 127))


# --- storage ---

def displacement(w, ds=False):
    return simm(w & ~3 if ds else w)


def address(s, w, offset, update):
    return s.ea((s.gpr[A(w)] if update else s.base(w)) + offset)


def define_forms(name, access, plain, indexed_only=False):
    """An access in its forms: D or DS, with update, indexed, indexed with update. @access(s, w, ea)"""
    ds = name in ('lwa', 'ld', 'std')

    def form(mnemonic, indexed, update):
        @reference(mnemonic)
        def function(s, w):
            whole = (s.gpr[A(w)] if update else s.base(w)) + (s.gpr[B(w)] if indexed else displacement(w, ds))
            access(s, w, s.ea(whole))
            if update:
                s.gpr[A(w)] = whole & M64
                if s.narrow:
                    s.open(A(w), M32 << 32)
    if plain:
        form(name, False, False)
        if name != 'lwa':
            form(name + 'u', False, True)
    form(name + 'x', True, False)
    if not indexed_only:
        form(name + 'ux', True, True)


def loads(size, extends=False, swap=False):
    def access(s, w, ea):
        v = s.load(ea, size)
        if swap:
            v = int.from_bytes(v.to_bytes(size, 'big'), 'little')
        s.gpr[T(w)] = (signed(v, 8 * size) if extends else v) & M64
    return access


def stores(size, swap=False):
    def access(s, w, ea):
        v = s.gpr[T(w)] & (1 << 8 * size) - 1
        if swap:
            v = int.from_bytes(v.to_bytes(size, 'big'), 'little')
        s.store(ea, size, v)
    return access


for _name, _access in (
        ('lbz', loads(1)), ('lhz', loads(2)), ('lha', loads(2, True)), ('lwz', loads(4)), ('lwa', loads(4, True)),
        ('ld', loads(8)), ('stb', stores(1)), ('sth', stores(2)), ('stw', stores(4)), ('std', stores(8))):
    define_forms(_name, _access, True)
for _name, _access in (
        ('lhbr', loads(2, swap=True)), ('lwbr', loads(4, swap=True)), ('ldbr', loads(8, swap=True)),
        ('sthbr', stores(2, True)), ('stwbr', stores(4, True)), ('stdbr', stores(8, True))):
    define_forms(_name, _access, False, indexed_only=True)


def load_pair(s, w, ea):
    v = s.load(ea, 16)
    s.gpr[T(w)], s.gpr[T(w) + 1] = v >> 64, v & M64


def store_pair(s, w, ea):
    s.store(ea, 16, s.gpr[T(w)] << 64 | s.gpr[T(w) + 1])


@reference('lq')
def lq(s, w): load_pair(s, w, address(s, w, simm(w & ~15), False))


@reference('stq')
def stq(s, w): store_pair(s, w, address(s, w, displacement(w, True), False))


def several(function):
    """Moves of several registers: alignment interrupts in little-endian mode (3.3.4, 3.3.5)."""
    def either(s, w):
        if s.order == 'little':
            s.signal = SIGBUS
        else:
            function(s, w)
    return either


@reference('lmw')
@several
def lmw(s, w):
    ea = address(s, w, displacement(w), False)
    for i, r in enumerate(range(T(w), 32)):
        s.gpr[r] = s.load(s.ea(ea + 4 * i), 4)


@reference('stmw')
@several
def stmw(s, w):
    ea = address(s, w, displacement(w), False)
    for i, r in enumerate(range(T(w), 32)):
        s.store(s.ea(ea + 4 * i), 4, s.gpr[r])


def load_string(s, w, ea, n):
    """Four bytes to a register, from the left; what is left of the last one is zero."""
    for i in range(0, n, 4):
        taken = s.load_bytes(s.ea(ea + i), min(4, n - i))
        s.gpr[(T(w) + i // 4) % 32] = int.from_bytes(taken.ljust(4, b'\0'), 'big')


def store_string(s, w, ea, n):
    for i in range(0, n, 4):
        s.store_bytes(s.ea(ea + i), (s.gpr[(T(w) + i // 4) % 32] & M32).to_bytes(4, 'big')[:n - i])


@reference('lswi')
@several
def lswi(s, w): load_string(s, w, address(s, w, 0, False), B(w) or 32)


@reference('stswi')
@several
def stswi(s, w): store_string(s, w, address(s, w, 0, False), B(w) or 32)


@reference('lswx')
@several
def lswx(s, w):
    n = s.xer & 127
    load_string(s, w, address(s, w, s.gpr[B(w)], False), n)
    if n == 0:
        s.open(T(w), M64)


@reference('stswx')
@several
def stswx(s, w): store_string(s, w, address(s, w, s.gpr[B(w)], False), s.xer & 127)


# --- reservations ---

def define_reservation(load, store, size):
    def ea_of(s, w):
        return address(s, w, s.gpr[B(w)], False)

    @reference(load)
    def reserve(s, w):
        s.reserved = ea_of(s, w), size
        if size == 16:
            load_pair(s, w, ea_of(s, w))
        else:
            s.gpr[T(w)] = s.load(ea_of(s, w), size)

    @reference(store)
    def conditional(s, w):
        done = s.reserved == (ea_of(s, w), size)
        if done and size == 16:
            store_pair(s, w, ea_of(s, w))
        elif done:
            s.store(ea_of(s, w), size, s.gpr[T(w)])
        s.reserved = None
        s.set_cr_field(0, (2 if done else 0) | (1 if s.xer & SO else 0))


for _n, _size in (('b', 1), ('h', 2), ('w', 4), ('d', 8), ('q', 16)):
    define_reservation(f'l{_n}arx', f'st{_n}cx.', _size)


# --- caches and order ---

@reference('dcbz')
def dcbz(s, w):
    s.store_bytes(address(s, w, s.gpr[B(w)], False) & ~127, bytes(128))


@reference('dcbf', 'dcbst', 'dcbt', 'dcbtst', 'icbt', 'icbi', 'sync', 'eieio', 'isync')
def nothing(s, w):
    """Nothing that a program alone on its memory sees."""
