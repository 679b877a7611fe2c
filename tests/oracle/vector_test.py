#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Vector instructions on integers, bits and bytes against vector_reference.py, in both byte orders."""
import random

from oracle import A, B, C, M64, M128, T, Check, Side, State, left_out, memory, some
from vector_reference import elements, reference, vector

# Rows of the class that have no reference here.
BINARY = 'binary floating point: its own reference has it'
UNCHECKED = (
    (BINARY, 'vcmpbfp vcmpeqfp vcmpgefp vcmpgtfp vaddfp vsubfp vmaxfp vminfp vmaddfp vnmsubfp vctsxs vctuxs vcfsx vcfux'),
    (BINARY, 'vrfim vrfin vrfip vrfiz vexptefp vlogefp vrefp vrsqrtefp lxsspx stxsspx'),
    (BINARY, ' '.join(f'xs{x}{p}' for x in ('add', 'sub', 'mul', 'div', 'sqrt', 're', 'rsqrte') for p in ('dp', 'sp'))),
    (BINARY, ' '.join(f'xv{x}{p}' for x in ('add', 'sub', 'mul', 'div', 'sqrt', 're', 'rsqrte') for p in ('dp', 'sp'))),
    (BINARY, ' '.join(f'x{k}{n}m{x}{f}{p}' for k in 'sv' for n in ('', 'n') for x in ('add', 'sub') for f in 'am'
                      for p in ('dp', 'sp'))),
    (BINARY, 'xscmpudp xscmpodp xstdivdp xvtdivdp xvtdivsp xstsqrtdp xvtsqrtdp xvtsqrtsp xsmaxdp xsmindp'),
    (BINARY, ' '.join(f'xvcmp{x}{p}{d}' for x in ('eq', 'gt', 'ge') for p in ('dp', 'sp') for d in ('', '.'))),
    (BINARY, 'xvmaxdp xvmindp xvmaxsp xvminsp'),
    (BINARY, ' '.join(f'x{k}i{x}' for k in ('srdp', 'vrdp', 'vrsp') for x in ('', 'c', 'm', 'p', 'z'))),
    (BINARY, 'xsrsp xscvdpsp xscvspdp xscvdpspn xscvspdpn xvcvdpsp xvcvspdp'),
    (BINARY, ' '.join(f'xscvdp{i}x{n}s' for i in 'su' for n in 'dw')),
    (BINARY, ' '.join(f'xvcv{p}{i}x{n}s' for p in ('dp', 'sp') for i in 'su' for n in 'dw')),
    (BINARY, ' '.join(f'xscv{i}xd{p}' for i in 'su' for p in ('dp', 'sp'))),
    (BINARY, ' '.join(f'xvcv{i}x{n}{p}' for i in 'su' for n in 'dw' for p in ('dp', 'sp'))),
)

STORAGE = {m for m in reference.functions if m[:2] in ('lv', 'lx', 'st')}
EDGES = {8: (0, 1, 2, 7, 8, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff),
         16: (0, 1, 15, 16, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff),
         32: (0, 1, 31, 32, 0xffff, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff),
         64: (0, 1, 63, 64, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, M64),
         128: (0, 1, M64, 1 << 64, M128 >> 1, 1 << 127, M128 - 1, M128)}


def packed(rng):
    digits = some(rng, (31, 31, 30, 1, 0, rng.randrange(32)))
    v = int('0' + ''.join(some(rng, '0123456789') for _ in range(digits)), 16)
    if rng.randrange(4) == 0:
        v = int('9' * rng.randrange(1, 32), 16)
    if rng.randrange(16) == 0:
        v ^= 15 << 4 * rng.randrange(31)
    return (v << 4 | (rng.randrange(10, 16) if rng.randrange(24) else rng.randrange(10))) & M128


def same_low_bits(rng):
    n = rng.randrange(8)
    return vector([rng.getrandbits(5) << 3 | n for _ in range(16)], 8)


def quadword(rng, kind):
    """Contents of a register: elements of a size, packed decimal, what vsl asks for, or anything."""
    if kind == 'packed':
        return packed(rng)
    if kind == 'repeated':
        return same_low_bits(rng)
    if kind == 'any':
        return rng.getrandbits(128)
    if rng.randrange(4) == 0:
        return vector([some(rng, EDGES[kind])] * (128 // kind), kind)
    return vector([some(rng, EDGES[kind]) if rng.randrange(3) else rng.getrandbits(kind) for _ in range(128 // kind)], kind)


def kind_for(rng, m):
    if m.startswith('bcd'):
        return 'packed'
    if m in ('vsl', 'vsr') and rng.randrange(8):
        return 'repeated'
    return some(rng, (8, 16, 32, 64, 128, 'any'))


def base_state(rng, order):
    s = State(order, False)
    memory(rng, s)
    s.gpr = [rng.getrandbits(64) for _ in range(32)]
    s.vsr = [rng.getrandbits(128) for _ in range(64)]
    s.cr = rng.getrandbits(32)
    return s


def vary(rng, m, w, base):
    s = base.copy()
    kind = kind_for(rng, m)
    for n in {f(w) + high for f in (T, A, B, C) for high in (0, 32)}:
        s.vsr[n] = quadword(rng, kind if rng.randrange(8) else kind_for(rng, m))
    if rng.randrange(6) == 0:
        s.vsr[32 + B(w)] = s.vsr[32 + A(w)]
        s.vsr[B(w)] = s.vsr[A(w)]
    if rng.randrange(12) == 0:  # near each other: comparisons, borrows
        s.vsr[32 + B(w)] = s.vsr[32 + A(w)] ^ 1 << rng.randrange(128)
    if m == 'vbpermq':  # half the bytes choose a bit
        s.vsr[32 + B(w)] &= vector([some(rng, (0xff, 0x7f)) for _ in range(16)], 8)
    for n in (T(w), A(w), B(w)):
        s.gpr[n] = rng.getrandbits(64)
    s.cr, s.vscr = rng.getrandbits(32), some(rng, (0, 1, 0x10000, 0x10001))
    return s


def point(rng, w, s):
    """Registers such that the access falls into memory."""
    ea = rng.randrange(0x4e10, 0x51e0)
    if rng.randrange(2):
        ea &= ~15
    if A(w) == 0:
        s.gpr[B(w)] = ea
    elif A(w) == B(w):
        s.gpr[A(w)] = ea // 2
    else:
        s.gpr[A(w)] = ea - s.gpr[B(w)] & M64


def check_row(check, side, row, words, vectors):
    m = row.mnemonic
    rng = random.Random(f'{check.options.seed} {m} {side.order}')
    for i in range(words):
        w = row.word(rng, i % 2)
        base = base_state(rng, side.order)
        states = [vary(rng, m, w, base) for _ in range(vectors)]
        if m in STORAGE:
            for s in states:
                point(rng, w, s)
        check.batch(side, m, [w], base, states, reference.functions[m])


def check_bytes(check, side, rows):
    """Every pair of bytes, for what works on bytes alone: 16 in a register."""
    alone = [r for r in rows if r.mnemonic in reference.functions and r.match >> 26 == 4 and
             r.mnemonic.startswith(('vaddub', 'vaddsb', 'vsubub', 'vsubsb', 'vavg', 'vmax', 'vmin', 'vcmp', 'vrlb', 'vslb',
                                    'vsrb', 'vsrab')) and r.mnemonic.rstrip('sm')[-1:] == 'b']
    for row in alone:
        base = base_state(random.Random(row.mnemonic), side.order)
        w = row.match | 1 << 21 | 2 << 16 | 3 << 11 | 0x400 * row.mnemonic.startswith('vcmp')
        for first in range(0, 65536, 16 * 128):
            states = []
            for n in range(first, first + 16 * 128, 16):
                s = base.copy()
                s.vsr[34], s.vsr[35] = vector([n >> 8] * 16, 8), vector(range(n & 255, (n & 255) + 16), 8)
                states.append(s)
            check.batch(side, row.mnemonic, [w], base, states, reference.functions[row.mnemonic])


def check_programs(check, side, rows, programs):
    """Instructions in a row, for what a translator keeps from one to the next."""
    closed = [r for r in rows if r.mnemonic in reference.functions and r.mnemonic not in STORAGE and
              not r.mnemonic.startswith(('bcd', 'xs', 'fmrg', 'mtvsr')) and
              r.mnemonic not in ('vsl', 'vsr', 'mtvscr')]
    for i in range(programs):
        rng = random.Random(f'{check.options.seed} program {side.order} {i}')
        words, functions = [], {}
        few = rng.sample(range(32), 6)
        while len(words) < 16:
            row = some(rng, closed)
            w = row.word(rng, False)
            if not row.mask & 0x03ff0000 and rng.randrange(4):  # so that results are used again
                w = w & ~0x03ff0000 | some(rng, few) << 21 | some(rng, few) << 16
            words.append(w)
            functions[w] = reference.functions[row.mnemonic]
        base = base_state(rng, side.order)
        base.vsr = [quadword(rng, kind_for(rng, '')) for _ in range(64)]
        check.batch(side, f'program {i}', words, base, [vary(rng, '', words[0], base) for _ in range(4)],
                    lambda s, w: functions[w](s, w))


def main():
    check = Check(__doc__)
    words, vectors = (200, 16) if check.options.long else (5, 8)
    for order in ('little', 'big'):
        side = Side(check.options.side, order)
        rows = [r for r in side.table() if (r.vector() or r.mnemonic.startswith(('mfvsr', 'mtvsr'))) and not r.privileged()]
        complaints = list(left_out(rows, reference, UNCHECKED))
        if complaints:
            raise SystemExit('\n'.join(complaints))
        rows = [r for r in rows if r.mnemonic in reference.functions and (not check.only or r.mnemonic in check.only)]
        for row in rows:
            check_row(check, side, row, words, vectors)
        if check.options.long:
            check_bytes(check, side, rows)
        if not check.only:
            check_programs(check, side, rows, 40 * words)
        side.stop()
    check.finish()


main()
