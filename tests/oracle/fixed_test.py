#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fixed-point instructions against fixed_reference.py, in both byte orders and both modes."""
import random

from fixed_reference import TAR, XER, reference, special
from oracle import A, B, C, CODE, M64, T, Check, Side, State, left_out, memory, signed, simm, some

# Rows of the class that have no reference.
UNCHECKED = (
    ('of BookE processors: caches and their locks, which no program sees', 'dcba dcbtls dcbtstls dcblc icbtls icblc'),
    ('of the 440, which tests/isa holds against QEMU and exact arithmetic',
     'mulchw mulchwu mulhhw mulhhwu mullhw mullhwu macchw macchwo macchws macchwso macchwu macchwuo '
     'macchwsu macchwsuo nmacchw nmacchwo nmacchws nmacchwso machhw machhwo machhws machhwso machhwu '
     'machhwuo machhwsu machhwsuo nmachhw nmachhwo nmachhws nmachhwso maclhw maclhwo maclhws maclhwso '
     'maclhwu maclhwuo maclhwsu maclhwsuo nmaclhw nmaclhwo nmaclhws nmaclhwso dlmzb'),
    ('what it asks for is the state of a machine, which tests/unit and tests/kvm know', 'mftb mfbhrbe clrbhrb sc'),
    ('no memory of this program is used ahead', 'dst dstst dss'),
)

EDGES = (
    0, 1, 2, 3, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
    0x80000001, 0xffffffff, 0x100000000, 0x7fffffff00000000, 0x7fffffff7fffffff, 0x8000000080000000, 0xffffffff80000000,
    0xffffffff7fffffff, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xfffffffffffffffe,
    0xffffffffffffffff, 0x9999999999999999, 0x0123456789abcdef, 0x6666666666666666)


def integer(rng):
    kind = rng.randrange(8)
    if kind < 3:
        return some(rng, EDGES)
    if kind == 3:
        return rng.getrandbits(64) >> rng.randrange(64)
    if kind == 4:
        return signed(rng.getrandbits(64), 64) >> rng.randrange(64) & M64
    if kind == 5:
        return some(rng, EDGES) + rng.randrange(-2, 3) & M64
    if kind == 6:  # decimal digits
        return int(''.join(some(rng, '0123456789') for _ in range(16)), 16)
    return rng.getrandbits(64)


def base_state(rng, order, narrow):
    s = State(order, narrow)
    memory(rng, s)
    s.gpr = [rng.getrandbits(64) for _ in range(32)]
    s.vsr = [rng.getrandbits(128) for _ in range(64)]
    s.lr, s.ctr, s.tar = (rng.getrandbits(64) for _ in range(3))
    s.cr, s.xer = rng.getrandbits(32), rng.getrandbits(3) << 29
    return s


UPDATES = {m for m in reference.functions if m[:2] in ('lb', 'lh', 'lw', 'ld', 'st') and m.rstrip('x')[-1:] == 'u'}
STRINGS = ('lswi', 'lswx', 'stswi', 'stswx')
MULTIPLE = STRINGS + ('lmw', 'stmw')
STORAGE = {m for m in reference.functions if m[0] == 'l' and m[1] in 'bhwdmqs' or m[:2] == 'st' or m == 'dcbz'}


def size_of(m):
    """How far an access may reach, and what its address must be a multiple of: others interrupt."""
    if m == 'dcbz':
        return 256, 1
    if m in MULTIPLE:
        return 128, 4 if m in ('lmw', 'stmw') else 1
    if m in ('lq', 'stq', 'lqarx', 'stqcx.'):
        return 16, 16
    if m.endswith('arx') or m.endswith('cx.'):
        size = {'b': 1, 'h': 2, 'w': 4, 'd': 8}[m[1] if m[0] == 'l' else m[2]]
        return size, size
    return 8, 1


BRANCHES = {m for m in reference.functions if m[0] == 'b' and m != 'bpermd'}
TRAPS = (0x01000000, 0x01020000)  # around the code, as in tests/isa/vector.h


def leads_away(m, w, s):
    """Does a branch lead to what is no test: to itself, or to where there is data?"""
    after = s.copy()
    after.nip += 4
    reference.functions[m](after, w)
    return after.nip != CODE and not 0x4000 <= after.nip < 0x6000


def valid(m, w):
    """No invalid form (and no row of its own within another's encodings)."""
    if m in ('mfspr', 'mtspr'):
        return special(w) in (XER, TAR)
    if m == 'bcctr':
        return T(w) & 4
    if m == 'or':
        return not T(w) == A(w) == B(w)
    if m in UPDATES:
        return A(w) != 0 and (m[0] == 's' or A(w) != T(w))
    if m in ('lq', 'lqarx'):
        return T(w) % 2 == 0 and T(w) != A(w) and (m == 'lq' or T(w) != B(w))
    if m in ('stq', 'stqcx.'):
        return T(w) % 2 == 0
    if m == 'lmw':
        return A(w) < T(w) and T(w)
    if m == 'lswi':
        targets = {(T(w) + i) % 32 for i in range(((B(w) or 32) + 3) // 4)}
        return A(w) not in targets and (A(w) or 0 not in targets)
    if m == 'lswx':
        # Up to 128 bytes are 32 registers: RA, RB and what is between must stay away; see point().
        return A(w) != T(w) and B(w) != T(w)
    return True


def displacement(m, w):
    if m in ('lq',):
        return simm(w & ~15)
    return simm(w & ~3 if m in ('lwa', 'ld', 'ldu', 'std', 'stdu', 'stq') else w)


def indexed(m):
    return m == 'dcbz' or m.endswith('x') or m.endswith('cx.')


def point(rng, m, w, s):
    """Registers such that the access falls into memory. False: this encoding can't."""
    reach, multiple = size_of(m)
    low, high = (0x4f00, 0x5000) if m == 'dcbz' else (0x4e10, 0x51f0 - reach)
    ea = rng.randrange(low, high) // multiple * multiple
    if s.narrow:
        ea |= rng.getrandbits(32) << 32  # which 32-bit mode must not see
    if m == 'lswx':
        room = min(((r - T(w)) % 32 for r in (A(w), B(w))))
        s.xer = s.xer & ~127 | rng.randrange(min(4 * room, 127) + 1)
    elif m == 'stswx':
        s.xer = s.xer & ~127 | rng.randrange(128)
    if m in ('lswi', 'stswi'):
        if not A(w):
            return False
        s.gpr[A(w)] = ea
    elif not indexed(m):
        if not A(w):
            return False
        s.gpr[A(w)] = ea - displacement(m, w) & M64
    elif A(w) == 0 and m not in UPDATES:
        s.gpr[B(w)] = ea
    elif A(w) == B(w):
        if ea % 2:
            ea -= 1
        s.gpr[A(w)] = ea // 2
        return (s.gpr[A(w)] * 2) % multiple == 0
    else:
        s.gpr[B(w)] = integer(rng)
        s.gpr[A(w)] = ea - s.gpr[B(w)] & M64
    return True


def vary(rng, m, w, base):
    s = base.copy()
    for n in (T(w), A(w), B(w), C(w)):
        s.gpr[n] = integer(rng)
    if rng.randrange(6) == 0:
        s.gpr[B(w)] = s.gpr[A(w)]
    if m[:2] in ('sl', 'sr', 'rl') and rng.randrange(2):
        s.gpr[B(w)] = rng.getrandbits(57) << 7 | rng.randrange(128)
    s.cr, s.xer = rng.getrandbits(32), rng.getrandbits(3) << 29
    s.lr, s.ctr = integer(rng), integer(rng)
    if m in BRANCHES:
        for name in ('lr', 'ctr', 'tar'):
            setattr(s, name, rng.randrange(*TRAPS) | (rng.getrandbits(32) << 32 if s.narrow else 0))
        if m not in ('bcctr', 'bctr', 'bctrl') and rng.randrange(2):
            s.ctr = some(rng, (0, 1, 2, 1 << 32, (1 << 32) + 1))
    return s


def check_row(check, side, row, narrow, words, vectors):
    m = row.mnemonic
    rng = random.Random(f'{check.options.seed} {m} {side.order} {narrow}')
    function = reference.functions[m]
    done = tries = 0
    while done < words and tries < 100 * words:
        tries += 1
        w = row.word(rng, done % 2)
        if m in ('mfspr', 'mtspr'):
            number = some(rng, (XER, TAR))
            w = w & ~0x1ff800 | (number & 31) << 16 | number >> 5 << 11
        if not valid(m, w):
            continue
        base = base_state(rng, side.order, narrow)
        states = [vary(rng, m, w, base) for _ in range(vectors)]
        if m in STORAGE:
            states = [s for s in states if point(rng, m, w, s)]
        if m in BRANCHES:
            states = [s for s in states if leads_away(m, w, s)]
        if not states:
            continue
        check.batch(side, m, [w], base, states, function, m in BRANCHES)
        done += 1
    assert done == words, m


def check_pairs(check, side, rows, pairs):
    """A load with reservation, and the store that belongs to it."""
    for n in 'bhwdq':
        load, store = rows[f'l{n}arx'], rows[f'st{n}cx.']
        for i in range(pairs):
            rng = random.Random(f'{check.options.seed} pair {n} {side.order} {i}')
            a, b = rng.sample(range(1, 32), 2)
            t, other = (some(rng, [r for r in range(0, 32, 2) if not {r, r + 1} & {a, b}]) for _ in range(2))
            where = a << 16 | b << 11
            words = [load.match | where | t << 21, store.match | where | other << 21]
            base = base_state(rng, side.order, False)
            states = []
            for _ in range(4):
                s = vary(rng, load.mnemonic, words[0], base)
                if point(rng, load.mnemonic, words[0], s):
                    states.append(s)

            def both(s, w):
                reference.functions[(load if w == words[0] else store).mnemonic](s, w)
            check.batch(side, f'{load.mnemonic} {store.mnemonic}', words, base, states, both)


# In programs these registers hold addresses and offsets.
BASES, OFFSETS = range(28, 32), range(24, 28)


def program_word(rng, row, few):
    """An instruction that leaves bases and offsets alone; a storage access by them."""
    m, w = row.mnemonic, row.word(rng, False)
    if m in STORAGE:
        w = w & ~0x03ff0000 | rng.randrange(24) << 21 | some(rng, BASES) << 16
        if indexed(m):
            return w & ~0xf800 | some(rng, OFFSETS) << 11
        return w & ~0xfffc | rng.randrange(0, 0x80, 4)
    if not row.mask & 0x03ff0000 and rng.randrange(4):  # so that results are used again
        return w & ~0x03ff0000 | some(rng, few) << 21 | some(rng, few) << 16
    for shift in (21, 16):
        if w >> shift & 24 == 24 and not row.mask & 8 << shift:
            w ^= 8 << shift
    return w


def check_programs(check, side, rows, programs):
    """Instructions in a row, for what a translator keeps from one to the next: carries, comparisons, registers, memory."""
    # Without results that the ISA leaves open, and without ends.
    closed = [r for r in rows if r.mnemonic in reference.functions and r.mnemonic not in BRANCHES and
              r.mnemonic not in UPDATES and r.mnemonic not in MULTIPLE and size_of(r.mnemonic)[0] == 8 and
              r.mnemonic[:3] not in ('div', 'mfo', 'mto', 'cbc', 'mts', 'mfs') and r.mnemonic[:2] not in ('tw', 'td') and
              not r.mnemonic.endswith(('arx', 'cx.')) and r.mask != 0xffffffff]
    for i in range(programs):
        rng = random.Random(f'{check.options.seed} program {side.order} {i}')
        narrow, words, functions = rng.randrange(4) == 0, [], {}
        few = rng.sample(range(24), 6)
        while len(words) < 24:
            row = some(rng, closed)
            w = program_word(rng, row, few)
            if valid(row.mnemonic, w) and (w ^ row.match) & row.mask == 0:
                words.append(w)
                functions[w] = reference.functions[row.mnemonic]
        base = base_state(rng, side.order, narrow)
        base.gpr = [integer(rng) for _ in range(24)] + [0] * 8
        states = [vary(rng, 'add', words[0], base) for _ in range(4)]
        for s in states:
            s.gpr[24:] = [rng.randrange(64) for _ in OFFSETS] + [rng.randrange(0x4e40, 0x5140) for _ in BASES]
        check.batch(side, f'program {i}', words, base, states, lambda s, w: functions[w](s, w))


def main():
    check = Check(__doc__)
    words, vectors = (400, 16) if check.options.long else (4, 8)
    for order in ('little', 'big'):
        side = Side(check.options.side, order)
        rows = [r for r in side.table() if not r.floats() and not r.vector() and not r.privileged()]
        rows = [r for r in rows if not r.mnemonic.startswith(('mfvsr', 'mtvsr'))]
        complaints = list(left_out(rows, reference, UNCHECKED))
        if complaints:
            raise SystemExit('\n'.join(complaints))
        for row in rows:
            if row.mnemonic not in reference.functions or check.only and row.mnemonic not in check.only:
                continue
            if row.mnemonic == 'or' and row.mask == 0xffffffff:
                continue  # its priority hints: see tests/unit
            for narrow in (False, True):
                check_row(check, side, row, narrow, words, vectors)
        if not check.only:
            check_pairs(check, side, {r.mnemonic: r for r in rows}, 8 * words)
            check_programs(check, side, rows, 60 * words)
        side.stop()
    check.finish()


main()
