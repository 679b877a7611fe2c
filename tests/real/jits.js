// SPDX-License-Identifier: Apache-2.0
// Programs made at random, which V8 translates, throws away, and translates again, on four threads: JavaScript of changing
// types, classes that come late, regular expressions, WebAssembly.
//
//     node jits.js SECONDS
//     node jits.js --rounds N,N,N,N
//
// What each computes is compared with an interpreter of the same program, and goes into a sum that is told at the end for
// each thread. It must be the same anywhere that does as many rounds, which are told too: "rounds N,N,N,N", "sums X,X,X,X".
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { I32, I64, F64, assemble, get, set, tee, i32, i64, f64, loop, again } = require('./wasm.js');

const WORKERS = 4;
let checks = 0, sum = 0x811c9dc5, seed = 1;

// ---- Numbers at random, sums, comparisons ----

// Signed numbers throughout: V8's optimizing compiler for Power errs in remainders of unsigned ones, whatever processor runs it
// (10.2; with --no-opt it is right).
function random(n) {
	seed = seed + 0x6d2b79f5 | 0;
	let t = Math.imul(seed ^ seed >>> 15, seed | 1);
	t = t + Math.imul(t ^ t >>> 7, t | 61) ^ t;
	return ((t ^ t >>> 14) & 0x7fffffff) % n;
}

const one = list => list[random(list.length)];
const bits = new Float64Array(1), words = new Uint32Array(bits.buffer);

function add(value) {
	if (typeof value === 'bigint')
		return add(Number(value & 0xffffffffn)), add(Number(value >> 32n & 0xffffffffn));
	bits[0] = value === value ? value : NaN;
	sum = Math.imul(sum ^ words[0], 0x01000193);
	sum = Math.imul(sum ^ words[1], 0x01000193);
}

function same(right, got, ...what) {
	checks++;
	if (!Object.is(right, got))
		throw new Error(`${got} instead of ${right}: ${what.join('\n')}`);
	add(got);
}

// ---- JavaScript: an expression is a text, and a function of a, b, c and i ----

const BINARY = [
	['+', (x, y) => x + y], ['-', (x, y) => x - y], ['*', (x, y) => x * y], ['/', (x, y) => x / y], ['%', (x, y) => x % y],
	['&', (x, y) => x & y], ['|', (x, y) => x | y], ['^', (x, y) => x ^ y], ['<<', (x, y) => x << y], ['>>', (x, y) => x >> y],
	['>>>', (x, y) => x >>> y | 0],
];
const CALLS = ['abs', 'floor', 'ceil', 'trunc', 'clz32', 'fround', 'sqrt', 'sign'];
const COMPARISONS = [['<', (x, y) => x < y], ['>=', (x, y) => x >= y], ['===', (x, y) => x === y], ['!=', (x, y) => x != y]];

function leaf() {
	const n = one([0, 1, -1, 3, 7, 255, 65537, 0x3fffffff, -0x40000000, 2147483647, 0.5, -1.25, 1e10, random(1000)]);
	switch (random(5)) {
	case 0: return [`(${n})`, () => n];
	case 1: return ['a', e => e.a];
	case 2: return ['b', e => e.b];
	case 3: return ['c', e => e.c];
	default: return ['i', e => e.i];
	}
}

function expression(depth) {
	if (!depth || !random(8))
		return leaf();
	const [x, fx] = expression(depth - 1), [y, fy] = expression(depth - 1);
	switch (random(8)) {
	case 0: {
		const f = one(CALLS), call = Math[f];
		return [`Math.${f}(${x})`, e => call(fx(e))];
	}
	case 1: return [`Math.imul(${x}, ${y})`, e => Math.imul(fx(e), fy(e))];
	case 2: {
		const [op, f] = one(COMPARISONS), [z, fz] = leaf();
		return [`(${x} ${op} ${z} ? ${y} : ${x})`, e => f(fx(e), fz(e)) ? fy(e) : fx(e)];
	}
	case 3: {
		const op = one(['-', '~', '+']);
		return [`(${op} ${x})`, op === '-' ? e => -fx(e) : op === '~' ? e => ~fx(e) : e => +fx(e)];
	}
	default: {
		const [op, f] = one(BINARY);
		return [`(${x} ${op} ${y}${op === '>>>' ? ' | 0' : ''})`, e => f(fx(e), fy(e))];
	}
	}
}

// A loop that turns three values over.
function program() {
	const e = [expression(4), expression(3), expression(3), expression(2)];
	const text = `'use strict';
		let s = 0;
		for (let i = 0; i < n; i++) {
			a = ${e[0][0]};
			if (${e[3][0]} > i)
				b = ${e[1][0]};
			else
				c = ${e[2][0]};
			s = s * 0.5 + a - b + c;
		}
		return s;`;
	return [text, (a, b, c, n) => {
		const v = { a, b, c, i: 0 };
		let s = 0;
		for (v.i = 0; v.i < n; v.i++) {
			v.a = e[0][1](v);
			if (e[3][1](v) > v.i)
				v.b = e[1][1](v);
			else
				v.c = e[2][1](v);
			s = s * 0.5 + v.a - v.b + v.c;
		}
		return s;
	}];
}

// What each phase calls it with: what was compiled for one kind is thrown away by the next.
const KINDS = [
	() => random(100),
	() => random(0x7fffffff) - 0x3fffffff,
	() => random(1000) / 8 - 50,
	() => one([NaN, Infinity, -0, 5e-324, 1e308, 2 ** 31, 2 ** 53]),
	() => one([true, false, null, undefined, random(10), { valueOf() { return 7; } }]),
	() => random(100),
];

function javaScript() {
	const [text, right] = program(), f = new Function('a', 'b', 'c', 'n', text);
	for (const kind of KINDS) {
		for (let i = 0; i < 120; i++) {
			const a = kind(), b = kind(), c = kind();
			if (i % 20)
				add(f(a, b, c, 40));
			else
				same(right(a, b, c, 40), f(a, b, c, 40), text, a, b, c);
		}
	}
}

// ---- Classes that come late ----

function makeClass() {
	const [text, right] = expression(3), fields = ['a', 'b', 'c'].sort(() => random(3) - 1);
	const made = new Function(`return class {
		constructor(a, b, c) {
			${fields.map(f => `this.${f} = ${f};`).join(' ')}
		}
		of(i) {
			const { a, b, c } = this;
			return ${text};
		}
	}`)();
	return { made, right };
}

function classes() {
	const total = new Function('list', 'i', 'let s = 0; for (const x of list) s = s * 0.25 + x.of(i); return s;');
	const list = [], plain = [];
	for (let n = 0; n < 5; n++) {
		const { made, right } = makeClass();
		for (let k = 0; k < 4; k++) {
			const a = one(KINDS)(), b = random(50), c = random(9) / 4;
			list.push(new made(a, b, c));
			plain.push(i => right({ a, b, c, i }));
		}
		for (let i = 0; i < 100; i++) {
			if (i % 25)
				add(total(list, i));
			else
				same(plain.reduce((s, f) => s * 0.25 + f(i), 0), total(list, i), 'classes');
		}
	}
}

// Small integers, doubles, holes and texts come into what was compiled for less.
function arrays() {
	const f = new Function('list', 'let s = 0; for (let i = 0; i < list.length; i++) s += +(list[i] ?? 3); return s;');
	const list = [], plain = [];
	for (const kind of [() => random(9), () => random(9) / 2, () => undefined, () => `${random(50)}`, () => random(9)]) {
		for (let i = 0; i < 40; i++) {
			const value = kind();
			if (value === undefined)
				list.length++;
			else
				list.push(value);
			plain.push(value === undefined ? 3 : Number(value));
			const at = random(list.length);
			list[at] = plain[at] = random(7);
			for (let n = 0; n < 8; n++)
				add(f(list));
		}
		same(plain.reduce((s, x) => s + x, 0), f(list), 'an array');
	}
}

// ---- Regular expressions: a text, and a function that goes through all ways to match ----

// Letters that may still be looked at. Ways to match can be more than anyone waits for: such a text is not given to V8 either,
// which tries as many.
let patience = 0;
const DEPTH = 2; // of groups

// Each is called with the text, a place, and what comes next, and returns the end of the match or -1.
function sequence(parts) {
	return parts.reduceRight((rest, part) => (s, at, next) => part(s, at, to => rest(s, to, next)), (s, at, next) => next(at));
}

function repeated(part, least, most, lazy) {
	function more(s, at, next, n) {
		const once = () => n < most ? part(s, at, to => to === at && n >= least ? -1 : more(s, to, next, n + 1)) : -1;
		const enough = () => n >= least ? next(at) : -1;
		const found = lazy ? enough() : once();
		return found >= 0 ? found : lazy ? once() : enough();
	}
	return (s, at, next) => more(s, at, next, 0);
}

function atom(depth) {
	if (depth && !random(3)) {
		const [x, fx] = pattern(depth - 1);
		return [`(?:${x})`, fx];
	}
	const letters = one(['a', 'b', 'c', 'ab', 'bc', 'abc']), not = !random(6);
	const match = (s, at, next) => {
		patience--;
		return patience > 0 && at < s.length && letters.includes(s[at]) !== not ? next(at + 1) : -1;
	};
	return [not || letters.length > 1 ? `[${not ? '^' : ''}${letters}]` : letters, match];
}

function term(depth) {
	const [x, fx] = atom(depth), [mark, least, most] = one([['', 1, 1], ['', 1, 1], ['*', 0, 99], ['+', 1, 99], ['?', 0, 1], ['{2,3}', 2, 3]]);
	const lazy = mark && !random(3);
	// Looks ahead only outside all that is repeated: V8 errs otherwise, whatever processor runs it (11.3, on
	// /(?:(?:(?=b)b)*[^c][^a])+/ and 'babab'; with --no-regexp-optimization it is right).
	switch (depth === DEPTH ? random(12) : 2 + random(10)) {
	case 0: return [`(?=${x})`, (s, at, next) => fx(s, at, to => to) >= 0 ? next(at) : -1];
	case 1: return [`(?!${x})`, (s, at, next) => fx(s, at, to => to) < 0 ? next(at) : -1];
	case 2: return ['$', (s, at, next) => at === s.length ? next(at) : -1];
	case 3: return ['\\b', (s, at, next) => (at > 0 && s[at - 1] !== ' ') !== (at < s.length && s[at] !== ' ') ? next(at) : -1];
	default: return mark ? [`${x}${mark}${lazy ? '?' : ''}`, repeated(fx, least, most, lazy)] : [x, fx];
	}
}

function pattern(depth) {
	const ways = Array.from({ length: 1 + random(2) }, () => {
		const terms = Array.from({ length: 1 + random(3) }, () => term(depth));
		return [terms.map(t => t[0]).join(''), sequence(terms.map(t => t[1]))];
	});
	return [ways.map(w => w[0]).join('|'), (s, at, next) => {
		for (const [, f] of ways) {
			const found = f(s, at, next);
			if (found >= 0)
				return found;
		}
		return -1;
	}];
}

function expressions() {
	for (let n = 0; n < 6; n++) {
		const [text, match] = pattern(DEPTH), regexp = new RegExp(text, 'g');
		for (let k = 0; k < 25; k++) {
			const s = Array.from({ length: random(14) }, () => one('aabbcc ')).join('');
			let from = 0, to = -1;
			patience = 100000;
			while (from <= s.length && (to = match(s, from, end => end)) < 0)
				from++;
			if (patience <= 0)
				continue;
			regexp.lastIndex = 0;
			const found = regexp.exec(s);
			same(to < 0 ? -1 : from * 100 + to, found ? found.index * 100 + found.index + found[0].length : -1, `/${text}/`, s);
		}
	}
}

// ---- WebAssembly: an expression is code, and a function of the locals x, y, z and the memory ----

const LOCALS = { [I32]: 'x', [I64]: 'y', [F64]: 'z' }, PLACE = { [I32]: 0, [I64]: 1, [F64]: 2 };
const narrow = v => BigInt.asIntN(64, v), wide = v => BigInt.asUintN(64, v);
const rotate = (x, n) => x << n | x >>> (32 - n & 31);
const OPS = {
	[I32]: [
		[0x6a, (x, y) => x + y | 0], [0x6b, (x, y) => x - y | 0], [0x6c, Math.imul], [0x71, (x, y) => x & y], [0x72, (x, y) => x | y],
		[0x73, (x, y) => x ^ y], [0x74, (x, y) => x << y], [0x75, (x, y) => x >> y], [0x76, (x, y) => x >>> y | 0],
		[0x77, (x, y) => y & 31 ? rotate(x, y & 31) : x], [0x48, (x, y) => +(x < y)], [0x4b, (x, y) => +(x >>> 0 > y >>> 0)],
	],
	[I64]: [
		[0x7c, (x, y) => narrow(x + y)], [0x7d, (x, y) => narrow(x - y)], [0x7e, (x, y) => narrow(x * y)], [0x83, (x, y) => x & y],
		[0x84, (x, y) => x | y], [0x85, (x, y) => x ^ y], [0x86, (x, y) => narrow(x << (y & 63n))], [0x87, (x, y) => x >> (y & 63n)],
		[0x88, (x, y) => narrow(wide(x) >> (y & 63n))],
	],
	[F64]: [
		[0xa0, (x, y) => x + y], [0xa1, (x, y) => x - y], [0xa2, (x, y) => x * y], [0xa3, (x, y) => x / y], [0xa4, Math.min],
		[0xa5, Math.max],
	],
};
const ZEROS = v => v ? Math.clz32(v & -v) ^ 31 : 32;
const NEAREST = v => Math.abs(v) < 2 ** 52 ? (v < 0 || Object.is(v, -0) ? -1 : 1) * (Math.abs(v) + 2 ** 52 - 2 ** 52) : v;
// Code, the operand's type, what it does.
const UNARY = {
	[I32]: [[[0x67], I32, Math.clz32], [[0x68], I32, ZEROS], [[0x45], I32, v => +!v], [[0xa7], I64, v => Number(BigInt.asIntN(32, v))],
		[[0xc0], I32, v => v << 24 >> 24], [[0xfc, 2], F64, v => v !== v ? 0 : Math.max(-0x80000000, Math.min(0x7fffffff, Math.trunc(v))) | 0]],
	[I64]: [[[0xac], I32, BigInt], [[0xad], I32, v => BigInt(v >>> 0)], [[0xc3], I64, v => BigInt.asIntN(16, v)]],
	[F64]: [[[0xb7], I32, v => v], [[0xb8], I32, v => v >>> 0], [[0xb9], I64, Number], [[0x9f], F64, Math.sqrt], [[0x99], F64, Math.abs],
		[[0x9a], F64, v => -v], [[0x9c], F64, Math.floor], [[0x9d], F64, Math.trunc], [[0x9e], F64, NEAREST]],
};
const AREA = 64, AREA_BYTES = 4096;

function wasmLeaf(type) {
	if (random(3))
		return [get(PLACE[type]), new Function('e', `return e.${LOCALS[type]}`)];
	const n = one([0, 1, -1, 5, 255, 65537, 0x7fffffff, random(1 << 20)]);
	return type === I32 ? [i32(n), () => n] : type === F64 ? [f64(n / 4), () => n / 4] : [i64(BigInt(n) * 0x100000001n), () => BigInt(n) * 0x100000001n];
}

// The address of eight bytes within the area.
function place(depth) {
	const [x, fx] = wasm(I32, depth);
	return [[x, i32(AREA_BYTES - 8), 0x71, i32(AREA), 0x6a], e => (fx(e) & AREA_BYTES - 8) + AREA];
}

function wasm(type, depth) {
	if (!depth || !random(8))
		return wasmLeaf(type);
	const kind = random(8);
	if (kind === 0 && type !== F64) {
		const [at, fat] = place(depth - 1);
		return type === I32 ? [[at, 0x2f, 0, 0], e => e.memory.getUint16(fat(e), true)] : [[at, 0x29, 0, 0], e => e.memory.getBigInt64(fat(e), true)];
	}
	if (kind === 1) {
		const [x, fx] = wasm(type, depth - 1), [y, fy] = wasm(type, depth - 1), [c, fc] = wasm(I32, depth - 1);
		return [[x, y, c, 0x1b], e => [fx(e), fy(e)][fc(e) ? 0 : 1]];
	}
	if (kind < 4) {
		const [code, from, f] = one(UNARY[type]), [x, fx] = wasm(from, depth - 1);
		return [[x, code], e => f(fx(e))];
	}
	const [code, f] = one(OPS[type]), [x, fx] = wasm(type, depth - 1), [y, fy] = wasm(type, depth - 1);
	return [[x, y, code], e => f(fx(e), fy(e))];
}

// f(x, y, z, n): goes round n times, then x and y are in memory and z is what it returns.
function wasmProgram() {
	const x = wasm(I32, 4), y = wasm(I64, 4), z = wasm(F64, 4), at = place(2), stored = wasm(I64, 3), long = !random(2);
	const code = [loop([x[0], set(0), at[0], stored[0], long ? 0x37 : 0x3d, 0, 0, y[0], set(1), z[0], set(2), get(3), i32(1), 0x6b, tee(3), again]),
		i32(0), get(0), 0x36, 0, 0, i32(8), get(1), 0x37, 0, 0, get(2)];
	return [assemble([['f', [I32, I64, F64, I32], [F64], [], code]], false), (e, n) => {
		do {
			e.x = x[1](e);
			const to = at[1](e);
			if (long)
				e.memory.setBigInt64(to, stored[1](e), true);
			else
				e.memory.setUint16(to, Number(stored[1](e) & 0xffffn), true);
			e.y = y[1](e);
			e.z = z[1](e);
		} while (--n);
	}];
}

function webAssembly() {
	const [code, right] = wasmProgram(), memory = new WebAssembly.Memory({ initial: 1, maximum: 16 });
	const { f } = new WebAssembly.Instance(new WebAssembly.Module(code), { e: { m: memory } }).exports;
	const view = new DataView(memory.buffer), bytes = new Uint8Array(memory.buffer), own = new DataView(new ArrayBuffer(65536));
	// The second time it has been translated better.
	for (let round = 0; round < 3; round++) {
		const x = random(0x7fffffff) | 0, y = BigInt(random(1000)) - 500n, z = random(1000) / 16;
		for (let i = 0; i < 6; i++)
			add(f(x + i, y, z, 400));
		bytes.fill(85);
		new Uint8Array(own.buffer).fill(85);
		const e = { x, y, z, memory: own };
		right(e, 60);
		const got = f(x, y, z, 60);
		same(e.z, got, 'wasm z', Buffer.from(code).toString('hex'));
		same(e.x, view.getInt32(0, true), 'wasm x', Buffer.from(code).toString('hex'));
		same(e.y, view.getBigInt64(8, true), 'wasm y', Buffer.from(code).toString('hex'));
		same(0, Buffer.compare(bytes.subarray(AREA, AREA + AREA_BYTES), new Uint8Array(own.buffer, AREA, AREA_BYTES)), 'wasm memory',
			Buffer.from(code).toString('hex'));
	}
}

// ---- Workers ----

function inWorker({ me, rounds, seconds }) {
	const end = Date.now() + seconds * 1000;
	let n = 0;
	while (rounds ? n < rounds[me] : Date.now() < end || !n) {
		seed = me * 1000003 + n * 7919;
		for (const part of [javaScript, classes, arrays, expressions, webAssembly, javaScript])
			part();
		n++;
	}
	parentPort.postMessage({ n, checks, sum: (sum >>> 0).toString(16) });
}

async function main(first, second) {
	const rounds = first === '--rounds' ? second.split(',').map(Number) : null;
	const answers = await Promise.all(Array.from({ length: WORKERS }, (_, me) => new Promise((good, bad) => {
		const worker = new Worker(__filename, { workerData: { me, rounds, seconds: +first } });
		worker.on('message', good);
		worker.on('error', bad);
	})));
	console.log(`rounds ${answers.map(a => a.n).join(',')}`);
	console.log(`sums ${answers.map(a => a.sum).join(',')}`);
	console.log(`${answers.reduce((s, a) => s + a.checks, 0)} checks`);
}

if (isMainThread)
	main(process.argv[2], process.argv[3]);
else
	inWorker(workerData);
