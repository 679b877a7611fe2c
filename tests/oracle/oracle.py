# SPDX-License-Identifier: Apache-2.0
"""Holds Papyr's processor against references written from the Power ISA 2.07's text.

A reference is a function of a State and an instruction word, which changes the state as the ISA says, in exact integers:
slow, and plain enough to be read beside the text. It knows nothing of how Papyr computes. check() makes instructions and
operands, has oracle-side carry them out by the instructions' functions and by blocks (with PAPYR_ENGINE=eager: by
generated code), and compares every register and all memory, so that what an instruction must leave alone is checked too.
"""
import argparse
import random
import struct
import subprocess
import sys
import time

# As in tests/isa/vector.h.
CODE = 0x01010000
WINDOWS = ((0x4e00, 0x400), (0x5e00, 0x200))
TABLE, BASE, RUN = range(3)
REGISTERS = 168
SPECIAL = ('cr', 'xer', 'lr', 'ctr', 'tar', 'fpscr', 'vscr')
VSR = 40  # the first doubleword of the vector-scalar registers in struct isa_state

M32, M64, M128 = (1 << 32) - 1, (1 << 64) - 1, (1 << 128) - 1
SO, OV, CA = 1 << 31, 1 << 30, 1 << 29
SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV = 4, 5, 7, 8, 11


def field(w, first, last):
    """Bits first to last of an instruction word, as the ISA numbers them: 0 is the most significant."""
    return w >> 31 - last & (1 << last - first + 1) - 1


def T(w): return w >> 21 & 31
def A(w): return w >> 16 & 31
def B(w): return w >> 11 & 31
def C(w): return w >> 6 & 31
def XT(w): return T(w) | (w & 1) << 5
def XA(w): return A(w) | (w >> 2 & 1) << 5
def XB(w): return B(w) | (w >> 1 & 1) << 5
def XC(w): return C(w) | (w >> 3 & 1) << 5


def signed(v, bits):
    v &= (1 << bits) - 1
    return v - (v >> bits - 1 << bits)


def simm(w):
    """The immediate of a D-form."""
    return signed(w, 16)


class State:
    """What an instruction works on. vsr: 64 numbers of 128 bits."""

    def __init__(self, order, narrow):
        self.order, self.narrow = order, narrow  # of memory: 'little' or 'big'; 32-bit mode
        self.gpr = [0] * 32
        self.vsr = [0] * 64
        self.cr = self.xer = self.lr = self.ctr = self.tar = self.fpscr = self.vscr = 0
        self.windows = bytes(sum(size for _, size in WINDOWS))
        self.memory = {}     # the same by address, as it was before
        self.begin()

    def begin(self):
        self.stored = {}     # bytes stored
        self.undefined = {}  # doubleword of the state: bits that the ISA leaves open
        self.signal, self.nip = 0, CODE
        self.reserved = None

    def copy(self):
        other = State.__new__(State)
        other.__dict__.update(self.__dict__)
        other.gpr, other.vsr = self.gpr[:], self.vsr[:]
        other.begin()
        return other

    def words(self):
        """The doublewords of struct isa_state."""
        out = self.gpr + [self.cr, self.xer, self.lr, self.ctr, self.tar, self.fpscr, self.vscr, 0]
        for v in self.vsr:
            out += (v >> 64, v & M64)
        return out

    # --- registers ---

    def base(self, w):
        """(RA|0)"""
        return self.gpr[A(w)] if A(w) else 0

    def vr(self, n):
        return self.vsr[32 + n]

    def set_vr(self, n, v):
        assert 0 <= v <= M128
        self.vsr[32 + n] = v

    def fpr(self, n):
        return self.vsr[n] >> 64

    def set_fpr(self, n, v):
        """A floating-point register; the rest of its vector-scalar register is undefined then."""
        assert 0 <= v <= M64
        self.vsr[n] = v << 64 | self.vsr[n] & M64
        self.open_vsr(n, M64)

    def cr_field(self, n):
        return self.cr >> 28 - 4 * n & 15

    def set_cr_field(self, n, v):
        self.cr = self.cr & ~(15 << 28 - 4 * n) | v << 28 - 4 * n

    def open(self, name, mask):
        """What the ISA leaves undefined of a register, by number or name."""
        i = name if isinstance(name, int) else 32 + SPECIAL.index(name)
        self.undefined[i] = self.undefined.get(i, 0) | mask

    def open_vsr(self, n, mask):
        for i, part in enumerate((mask >> 64, mask & M64)):
            if part:
                self.open(VSR + 2 * n + i, part)

    # --- memory ---

    def ea(self, value):
        return value & (M32 if self.narrow else M64)

    def load(self, ea, size):
        return int.from_bytes(self.load_bytes(ea, size), self.order)

    def load_bytes(self, ea, size):
        return bytes(self.stored.get(a, self.memory[a]) for a in range(ea, ea + size))

    def store(self, ea, size, value):
        self.store_bytes(ea, (value & (1 << 8 * size) - 1).to_bytes(size, self.order))

    def store_bytes(self, ea, what):
        for i, byte in enumerate(what):
            assert ea + i in self.memory
            self.stored[ea + i] = byte


class Reference:
    """The references of a class of instructions, by mnemonic."""

    def __init__(self):
        self.functions = {}

    def __call__(self, *mnemonics):
        def note(function):
            for m in mnemonics:
                assert m not in self.functions, m
                self.functions[m] = function
            return function
        return note


class Row:
    def __init__(self, line):
        self.mnemonic, *numbers = line.split()
        self.mask, self.match, self.reserved, self.flags = (int(n, 16) for n in numbers)

    # Flags as in src/cpu/isa/isa.h.
    def has_rc(self): return self.flags & 1
    def floats(self): return self.flags & 2
    def vector(self): return self.flags & 0xc
    def privileged(self): return self.flags & 0x30

    def word(self, rng, with_reserved):
        w = self.match | rng.getrandbits(32) & ~(self.mask | self.reserved)
        return w | (rng.getrandbits(32) & self.reserved if with_reserved else 0)


class Side:
    """oracle-side, running."""

    def __init__(self, program, order):
        self.order = order
        self.process = subprocess.Popen([program, {'little': 'le', 'big': 'be'}[order]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def table(self):
        self.process.stdin.write(struct.pack('=I', TABLE))
        self.process.stdin.flush()
        return [Row(line) for line in iter(lambda: self.process.stdout.readline().decode().strip(), '')]

    def ask(self, base, words, states):
        """Begins to carry @words out on each of @states, which differ little from @base."""
        from_words = base.words()
        doublewords = struct.unpack(f'{"<" if self.order == "little" else ">"}{len(base.windows) // 8}Q', base.windows)
        out = [struct.pack('=I%dQ' % REGISTERS, BASE, *from_words), struct.pack(f'={len(doublewords)}Q', *doublewords),
               struct.pack('=IIII%dI' % len(words), RUN, base.narrow, len(words), len(states), *words)]
        for state in states:
            patches = [(i, v) for i, (v, was) in enumerate(zip(state.words(), from_words)) if v != was]
            out.append(struct.pack('=I', len(patches)))
            out += [struct.pack('=IQ', i, v) for i, v in patches]
        self.process.stdin.write(b''.join(out))
        self.process.stdin.flush()

    def _take(self, layout):
        data = self.process.stdout.read(struct.calcsize(layout))
        if len(data) < struct.calcsize(layout):
            sys.exit(f'oracle-side ended: {self.process.wait()}')
        return struct.unpack(layout, data)

    def _outcome(self):
        signal, n, m, nip = self._take('=IIIQ')
        registers = self._take('=' + 'IQ' * n)
        memory = self._take('=' + 'QQ' * m)
        stored = {}
        for a, v in zip(memory[::2], memory[1::2]):
            stored.update(zip(range(a, a + 8), v.to_bytes(8, self.order)))
        return signal, nip, dict(zip(registers[::2], registers[1::2])), stored

    def answers(self, n):
        """For each of n vectors what functions did, and what blocks did."""
        for _ in range(n):
            functions = self._outcome()
            yield functions, self._outcome() if self._take('=I')[0] else functions

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def name_of(i):
    if i < 32:
        return f'r{i}'
    if i < VSR:
        return SPECIAL[i - 32]
    return f'vsr{(i - VSR) // 2}.{"high" if i % 2 == 0 else "low"}'


def register_differences(was, must, registers, undefined):
    for i in range(REGISTERS):
        got = registers.get(i, was[i])
        if (got ^ must[i]) & ~undefined.get(i, 0):
            yield f'{name_of(i)}: {got:016x}, must be {must[i]:016x}; was {was[i]:016x}'


def differences(before, after, outcome):
    """What of an outcome isn't as the reference left it, as lines."""
    signal, nip, registers, stored = outcome
    if (signal, nip) != (after.signal, after.nip):
        yield f'ends with signal {signal} at {nip:#x}, must with {after.signal} at {after.nip:#x}'
    was, must = before.words(), after.words()
    if registers != {i: v for i, (v, w) in enumerate(zip(must, was)) if v != w}:
        yield from register_differences(was, must, registers, after.undefined)
    for a in sorted(set(stored) | set(after.stored)):
        got, right = stored.get(a, before.memory[a]), after.stored.get(a, before.memory[a])
        if got != right:
            yield f'memory {a:#x}: {got:02x}, must be {right:02x}'


class Check:
    """One run of a test: its options, and what it counted."""

    def __init__(self, doc):
        parser = argparse.ArgumentParser(description=doc)
        parser.add_argument('side', help='the program oracle-side')
        parser.add_argument('--long', action='store_true', help='with many more operands')
        parser.add_argument('--seed', type=int, default=1)
        parser.add_argument('--only', default='', help='these mnemonics, separated by commas')
        self.options = parser.parse_args()
        self.only = [m for m in self.options.only.split(',') if m]
        self.checks = self.undefined = 0
        self.wrong = {}
        self.began = time.monotonic()

    def batch(self, side, title, row_words, base, states, reference, branches=False):
        """@reference(state, word) carries one of the words out. @branches: where they led to can end as it likes."""
        side.ask(base, row_words, states)
        afters = []
        for state in states:
            after = state.copy()
            for w in row_words:
                after.nip += 4
                reference(after, w)
                if after.signal:
                    after.nip -= 4
                    break
            afters.append(after)
        for state, after, (functions, blocks) in zip(states, afters, side.answers(len(states))):
            self.checks += 2
            self.undefined += bool(after.undefined)
            for tier, outcome in (('functions', functions), ('blocks', blocks)):
                if branches:
                    outcome = (after.signal, *outcome[1:])
                lines = list(differences(state, after, outcome))
                if lines:
                    self.report(f'{title}, {tier}', row_words, state, lines)
                    break

    def report(self, title, words, state, lines):
        mnemonic = title.split()[0].rstrip(',')
        self.wrong[mnemonic] = self.wrong.get(mnemonic, 0) + 1
        if self.wrong[mnemonic] > 3:
            return
        print(f'{title}: {" ".join(f"{w:08x}" for w in words)}, {state.order}-endian'
              f'{", 32-bit mode" if state.narrow else ""}')
        for line in lines:
            print(f'    {line}')
        numbers = sorted({f(w) for w in words for f in (T, A, B, C)})
        print('  before: ' + ' '.join(f'r{n}={state.gpr[n]:016x}' for n in numbers))
        print('          ' + ' '.join(f'{s}={getattr(state, s):x}' for s in SPECIAL))
        for n in sorted({m + h for n in numbers for m in (n, min(n + 1, 31)) for h in (0, 32)}):
            print(f'          vsr{n}={state.vsr[n]:032x}')

    def finish(self):
        seconds = time.monotonic() - self.began
        print(f'{self.checks} checks in {seconds:.1f} s, {self.undefined} of the vectors with bits that the ISA leaves '
              f'open; seed {self.options.seed}')
        for mnemonic, n in self.wrong.items():
            print(f'  {mnemonic}: {n} vectors wrong')
        sys.exit(bool(self.wrong))


def left_out(rows, reference, unchecked):
    """Every row has a reference, or a reason why not; no reason and no reference is for nothing. Returns complaints."""
    names = {row.mnemonic for row in rows}
    listed = [m for _, ms in unchecked for m in ms.split()]
    for m in sorted(names - set(reference.functions) - set(listed)):
        yield f'{m} has neither a reference nor a reason to have none'
    for m in sorted((set(reference.functions) | set(listed)) - names):
        yield f'{m}: no such instruction in this class'
    for m in sorted(set(reference.functions) & set(listed)):
        yield f'{m} has a reference, and a reason to have none'


def memory(rng, state):
    """Fills the windows."""
    state.windows = rng.randbytes(len(state.windows))
    addresses = [a for begin, size in WINDOWS for a in range(begin, begin + size)]
    state.memory = dict(zip(addresses, state.windows))


def some(rng, what):
    return what[rng.randrange(len(what))]
