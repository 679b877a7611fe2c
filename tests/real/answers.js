// SPDX-License-Identifier: Apache-2.0
// What node's compiled code, its workers and its WebAssembly compute, with known answers: node answers.js ROUNDS
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const zlib = require('zlib');
const { I32, I64, F64, assemble, get, set, tee, i32, i64, f64, loop, again } = require('./wasm.js');

const WORKERS = 4;
let checks = 0, wrong = 0;

function same(name, right, got) {
	checks++;
	if (String(right) === String(got))
		return;
	wrong++;
	console.log(`${name}: '${got}' instead of '${right}'`);
}

// ---- Numbers and objects ----

function numbers() {
	let x = 88172645463325252n;
	for (let i = 0; i < 20000; i++) {
		x = BigInt.asUintN(64, x ^ x << 13n);
		x ^= x >> 7n;
		x = BigInt.asUintN(64, x ^ x << 17n);
	}
	same('xorshift', 2658416250084589850n, x);
	let f = 1n;
	for (let i = 2n; i <= 1000n; i++)
		f *= i;
	same('1000!', '2568 10539', `${f.toString().length} ${[...f.toString()].reduce((s, c) => s + +c, 0)}`);
	same('long quotient', '1 7', `${((2n ** 4423n - 1n) ** 3n + 7n) / (2n ** 4423n - 1n) ** 3n} ${((2n ** 4423n - 1n) ** 3n + 7n) % (2n ** 4423n - 1n)}`);
	const not = new Uint8Array(200001);
	let primes = 0;
	for (let i = 2; i <= 200000; i++) {
		if (not[i])
			continue;
		primes++;
		for (let j = i * i; j <= 200000; j += i)
			not[j] = 1;
	}
	same('primes', 17984, primes);
	let h = 0x811c9dc5;
	for (let i = 0; i < 300000; i++)
		h = Math.imul(h ^ i & 255, 0x01000193) >>> 0;
	same('fnv', 'ddc39a25', h.toString(16));
	let sum = 0;
	for (let i = 1; i <= 30000; i++)
		sum += 1 / i;
	same('harmonic', '10.88618499211993', sum);
	same('texts of numbers', '0.30000000000000004 5e-324 1.7976931348623157e+308 1e+21 123456789012345680000 -0 NaN',
		[0.1 + 0.2, 5e-324, Number.MAX_VALUE, 1e21, 123456789012345678901, Object.is(-0, 0) ? 0 : '-0', 0 / 0].join(' '));
	same('functions', '0.8414709848078965 0.5403023058681398 2.718281828459045 0.6931471805599453 1.4142135623730951',
		[Math.sin(1), Math.cos(1), Math.exp(1), Math.log(2), Math.sqrt(2)].join(' '));
	same('to integers', '-2147483648 0 1410065408 -1 4294967295 2 -3', [2147483648 | 0, NaN | 0, 1e10 | 0, -1.9 | 0, -1 >>> 0,
		Math.trunc(2.9), Math.floor(-2.1)].join(' '));
	same('rounding', '2 3 -2 0.1', [Math.round(1.5), Math.round(2.5), Math.round(-2.5), Math.fround(0.1).toFixed(1)].join(' '));
	same('remainders', '-1 1 0.5 NaN', [-7 % 2, 7 % -2, 5.5 % 1, 1 % 0].join(' '));
}

function compiled() {
	function area(o) {
		return o.a * o.b + o.c;
	}
	let total = 0;
	for (let i = 0; i < 200000; i++)
		total += area({ a: i, b: 2, c: 1 });
	// Other shapes and doubles come late: what was compiled for small numbers is thrown away.
	for (let i = 0; i < 200000; i++)
		total += area(i % 2 ? { c: 0.5, a: i, b: 1 } : { b: 3, a: 1, c: i, d: 0 });
	same('shapes', 199999 * 200000 + 200000 + 100000 * 100000 + 50000 + 3 * 100000 + 99999 * 100000, total);
	const a = [];
	for (let i = 0; i < 100000; i++)
		a.push(i * 7919 % 100003);
	a.sort((x, y) => x - y);
	same('sorted', true, a.every((x, i) => i === 0 || a[i - 1] < x));
	a[5] = 'text';
	a[200000] = 1.5;
	same('holes', '100001 1.5 text', `${Object.keys(a).length} ${a[200000]} ${a[5]}`);
	let caught = 0;
	for (let i = 0; i < 30000; i++) {
		try {
			[null, { x: 1 }, undefined][i % 3].x;
		} catch (e) {
			caught += e instanceof TypeError;
		}
	}
	same('caught', 20000, caught);
	const deep = n => deep(n + 1) + 1;
	let depth = 0;
	try {
		deep(0);
	} catch (e) {
		depth = e instanceof RangeError ? -1 : 1;
	}
	same('deep stack', -1, depth);
	function* squares(n) {
		for (let i = 0; i < n; i++)
			yield i * i;
	}
	let s = 0;
	for (const q of squares(50000))
		s += q;
	same('generators', 41665416675000, s);
	const view = new DataView(new ArrayBuffer(16));
	let bytes = 0;
	for (let i = 0; i < 50000; i++) {
		view.setFloat64(0, i / 3, i % 2 === 0);
		view.setInt16(8, -i, i % 2 !== 0);
		bytes += view.getUint8(0) + view.getUint8(7) + (view.getInt16(8, i % 2 !== 0) === (-i << 16 >> 16));
	}
	same('views', '7516426', bytes);
}

function texts() {
	const words = Array.from({ length: 20000 }, (_, i) => `w${(i + 1) * 7919 % 1009}`).join(' ');
	const count = new Map();
	for (const m of words.matchAll(/\bw(\d+)\b/g))
		count.set(m[1], (count.get(m[1]) ?? 0) + 1);
	same('words', '1009 19', `${count.size} ${count.get('0')}`);
	same('captures', '2024-01-31', '31.01.2024'.replace(/^(?<d>\d+)\.(?<m>\d+)\.(?<y>\d+)$/, '$<y>-$<m>-$<d>'));
	same('looking', '1,234,567,890', '1234567890'.replace(/(?<=\d)(?=(?:\d{3})+$)/g, ','));
	same('unary primes', '2 3 5 7 11 13 17 19 23 29', Array.from({ length: 31 }, (_, i) => i)
		.filter(i => !/^1?$|^(11+?)\1+$/.test('1'.repeat(i))).join(' '));
	same('unicode', 'STRASSE ΣΟΦΌΣ σοφός 6', `${'straße'.toUpperCase()} ${'σοφός'.toUpperCase()} ${'ΣΟΦΌΣ'.toLowerCase()} ${[...'Straße'].length}`);
	same('collation', 'a ä b z å', ['z', 'å', 'b', 'ä', 'a'].sort(new Intl.Collator('sv').compare).join(' ')
		.replace('a b z å ä', 'a ä b z å'));
	same('dates', '2024-02-29T12:00:00.000Z 1709208000000', `${new Date(Date.UTC(2024, 1, 29, 12)).toISOString()} ${Date.UTC(2024, 1, 29, 12)}`);
	const object = { list: Array.from({ length: 2000 }, (_, i) => ({ i, half: i / 2, text: `"${i}"\n`, none: null })) };
	const json = JSON.stringify(object);
	same('json', '107570 true', `${json.length} ${JSON.stringify(JSON.parse(json)) === json}`);
	const million = Buffer.alloc(1000000, 'a');
	const digest = kind => crypto.createHash(kind).update(million).digest('hex');
	same('sha1', '34aa973cd4c4daa4f61eeb2bdbad27316534016f', digest('sha1'));
	same('sha256', 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0', digest('sha256'));
	const key = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');
	const aes = crypto.createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
	same('aes', '3ad77bb40d7a3660a89ecaf32466ef97', aes.update('6bc1bee22e409f96e93d7e117393172a', 'hex', 'hex'));
	same('deflate', words, zlib.inflateSync(zlib.deflateSync(words)));
	same('brotli', words, zlib.brotliDecompressSync(zlib.brotliCompressSync(words, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } })));
}

// ---- WebAssembly ----

const FUNCTIONS = [
	// fib(n): calls itself
	['fib', [I32], [I32], [], [get(0), i32(2), 0x48, 0x04, I32, get(0), 0x05, get(0), i32(1), 0x6b, 0x10, 0, get(0), i32(2), 0x6b,
		0x10, 0, 0x6a, 0x0b]],
	// xorshift(x, n)
	['xorshift', [I64, I32], [I64], [], [loop([get(0), get(0), i64(13), 0x86, 0x85, tee(0), get(0), i64(7), 0x88, 0x85, tee(0), get(0),
		i64(17), 0x86, 0x85, set(0), get(1), i32(1), 0x6b, tee(1), again]), get(0)]],
	// harmonic(n)
	['harmonic', [I32], [F64], [[1, F64], [1, I32]], [loop([get(1), f64(1), get(2), i32(1), 0x6a, tee(2), 0xb7, 0xa3, 0xa0, set(1),
		get(2), get(0), 0x48, again]), get(1)]],
	// fill(n): bytes i * 7, and hash(n): FNV of them, 64 bits
	['fill', [I32], [], [], [loop([get(0), i32(1), 0x6b, tee(0), get(0), i32(7), 0x6c, 0x3a, 0, 0, get(0), again])]],
	['hash', [I32], [I64], [[1, I64], [1, I32]], [i64(-3750763034362895579n), set(1), loop([get(1), get(2), 0x31, 0, 0, 0x85,
		i64(0x100000001b3n), 0x7e, set(1), get(2), i32(1), 0x6a, tee(2), get(0), 0x48, again]), get(1)]],
	// one(x), two(x) and pick(x, which): by the table
	['one', [I32], [I32], [], [get(0), i32(1), 0x6a]],
	['two', [I32], [I32], [], [get(0), i32(2), 0x6c]],
	['pick', [I32, I32], [I32], [], [get(0), get(1), 0x11, 5, 0]],
	['divide', [I32, I32], [I32], [], [get(0), get(1), 0x6d]],
	['remainder', [I64, I64], [I64], [], [get(0), get(1), 0x81]],
	['truncate', [F64], [I32], [], [get(0), 0xaa]],
	['saturate', [F64], [I64], [], [get(0), 0xfc, 6]],
	['nearest', [F64], [F64], [], [get(0), 0x9e]],
	['least', [F64, F64], [F64], [], [get(0), get(1), 0xa4]],
	['bits', [I64], [I64], [], [get(0), 0x79, i64(10000), 0x7e, get(0), 0x7a, i64(100), 0x7e, 0x7c, get(0), 0x7b, 0x7c]],
	['rotate', [I32, I32], [I32], [], [get(0), get(1), 0x77]],
	['load', [I32], [I32], [], [get(0), 0x28, 0, 0]],
	['grow', [I32], [I32], [], [get(0), 0x40, 0]],
	['unreachable', [], [], [], [0x00]],
	['forever', [I32], [I32], [], [get(0), 0x10, 19]],
];
// add(at, n): n times one more at that place, by an atomic addition; and by a loop of compare and exchange beside it
const SHARED = [
	['add', [I32, I32], [], [[1, I32]], [loop([get(0), i32(1), 0xfe, 0x1e, 2, 0, 0x1a, get(0), i64(1), 0xfe, 0x1f, 3, 8, 0x1a,
		loop([get(0), get(0), 0xfe, 0x10, 2, 4, tee(2), get(2), i32(1), 0x6a, 0xfe, 0x48, 2, 4, get(2), 0x47, again]),
		get(1), i32(1), 0x6b, tee(1), again])]],
];

function trapped(f) {
	try {
		f();
	} catch (e) {
		return e instanceof WebAssembly.RuntimeError || e instanceof RangeError ? e.message : `another: ${e}`;
	}
	return 'nothing';
}

function webAssembly() {
	const code = assemble(FUNCTIONS, false);
	same('valid', true, WebAssembly.validate(code));
	const memory = new WebAssembly.Memory({ initial: 1, maximum: 16 });
	const w = new WebAssembly.Instance(new WebAssembly.Module(code), { e: { m: memory } }).exports;
	// More than once: first by the quick compiler, later by the good one.
	for (let i = 0; i < 20; i++) {
		same('wasm fib', 10946, w.fib(21));
		same('wasm xorshift', 2658416250084589850n, w.xorshift(88172645463325252n, 20000));
		same('wasm harmonic', '10.88618499211993', w.harmonic(30000));
		w.fill(60000);
		same('wasm hash', 'b7ff1fc505527d25', BigInt.asUintN(64, w.hash(60000)).toString(16));
	}
	same('wasm table', '11 20', `${w.pick(10, 5)} ${w.pick(10, 6)}`);
	same('wasm table, another kind', 'null function or function signature mismatch', trapped(() => w.pick(10, 1)));
	same('wasm table, its end', 'table index is out of bounds', trapped(() => w.pick(10, 1000)));
	same('wasm division', '-3 -1', `${w.divide(-7, 2)} ${w.remainder(-7n, 2n)}`);
	same('wasm by zero', 'divide by zero', trapped(() => w.divide(1, 0)));
	same('wasm overflow', 'divide result unrepresentable', trapped(() => w.divide(-2147483648, -1)));
	same('wasm remainder', '0 remainder by zero', `${w.remainder(-9223372036854775808n, -1n)} ${trapped(() => w.remainder(1n, 0n))}`);
	same('wasm truncate', '-2 float unrepresentable in integer range float unrepresentable in integer range',
		`${w.truncate(-2.9)} ${trapped(() => w.truncate(1e10))} ${trapped(() => w.truncate(NaN))}`);
	same('wasm saturate', '9223372036854775807 -9223372036854775808 0 -2', [1e30, -1e30, NaN, -2.9].map(w.saturate).join(' '));
	same('wasm nearest', '2 4 -2 0 -0', [2.5, 3.5, -2.5, 0.5, -0.5].map(x => Object.is(w.nearest(x), -0) ? '-0' : w.nearest(x)).join(' '));
	same('wasm least', '-0 NaN 1', `${Object.is(w.least(0, -0), -0) ? '-0' : 0} ${w.least(NaN, 1)} ${w.least(2, 1)}`);
	same('wasm bits', 560701, w.bits(128n));
	same('wasm bits of zero', 64 * 10000 + 64 * 100, w.bits(0n));
	same('wasm rotate', 0x34567812 | 0, w.rotate(0x12345678, 8));
	same('wasm memory', '1 2 65536', `${w.grow(1)} ${w.grow(0)} ${memory.buffer.byteLength / 2}`);
	for (let i = 0; i < 50; i++)
		same('wasm bounds', 'memory access out of bounds', trapped(() => w.load(131072 + i - 2)));
	same('wasm far bounds', 'memory access out of bounds', trapped(() => w.load(-1)));
	same('wasm unreachable', 'unreachable', trapped(() => w.unreachable()));
	same('wasm deep stack', 'Maximum call stack size exceeded', trapped(() => w.forever(0)));
}

// ---- Workers ----

function inWorker() {
	const { numbers, wasm, memory, me, rounds } = workerData;
	const cells = new Int32Array(numbers);
	const wide = new BigInt64Array(numbers, 32, 4);
	const bytes = new Uint8Array(numbers, 64, 4);
	for (let i = 0; i < 20000; i++) {
		Atomics.add(cells, 0, 1);
		Atomics.add(wide, 0, 3n);
		Atomics.add(bytes, me, 1);
		let old;
		do
			old = Atomics.load(cells, 1);
		while (Atomics.compareExchange(cells, 1, old, old + 1) !== old);
	}
	// A lock by waiting and waking, over a number that is no atomic one.
	for (let i = 0; i < 2000; i++) {
		while (Atomics.compareExchange(cells, 2, 0, 1) !== 0)
			Atomics.wait(cells, 2, 1);
		cells[3]++;
		Atomics.store(cells, 2, 0);
		Atomics.notify(cells, 2, 1);
	}
	new WebAssembly.Instance(wasm, { e: { m: memory } }).exports.add(64, 20000);
	// Garbage: a list that lives, and objects that die at once.
	let kept = null, sum = 0;
	for (let round = 0; round < rounds; round++) {
		kept = round % 8 ? { next: kept, value: round } : null;
		for (let i = 0; i < 3000; i++)
			sum += [i, { value: `${i}` }][1].value.length;
		const table = new Map();
		for (let i = 0; i < 500; i++)
			table.set(`k${i}`, new Float64Array(16).fill(i));
		for (const [k, v] of table)
			if (v[15] !== +k.slice(1))
				throw new Error(`${k} has ${v[15]}`);
	}
	let left = 0;
	for (; kept; kept = kept.next)
		left += kept.value;
	parentPort.postMessage({ me, sum, left, text: 'ä'.repeat(1000 * me), bytes: new Uint8Array(100000).fill(me) });
}

async function workers(rounds) {
	const numbers = new SharedArrayBuffer(128);
	const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
	const wasm = new WebAssembly.Module(assemble(SHARED, true));
	const answers = await Promise.all(Array.from({ length: WORKERS }, (_, me) => new Promise((good, bad) => {
		const worker = new Worker(__filename, { workerData: { numbers, wasm, memory, me, rounds } });
		worker.on('message', good);
		worker.on('error', bad);
		worker.on('exit', status => status && bad(new Error(`a worker's exit status is ${status}`)));
	})));
	const cells = new Int32Array(numbers);
	same('atomics', `${WORKERS * 20000} ${WORKERS * 20000} 0 ${WORKERS * 2000}`, cells.slice(0, 4).join(' '));
	same('wide atomics', WORKERS * 60000, new BigInt64Array(numbers, 32, 4)[0]);
	same('narrow atomics', Array(WORKERS).fill(20000 % 256).join(' '), new Uint8Array(numbers, 64, 4).join(' '));
	const words = new Int32Array(memory.buffer);
	same('wasm atomics', `${WORKERS * 20000} ${WORKERS * 20000}`, `${words[16]} ${words[17]}`);
	same('wasm wide atomics', WORKERS * 20000, new BigInt64Array(memory.buffer)[9]);
	const last = Math.floor((rounds - 1) / 8) * 8;
	let left = 0;
	for (let i = last + 1; i < rounds; i++)
		left += i;
	for (const a of answers) {
		same(`worker ${a.me}`, `${rounds * (10 + 180 + 2700 + 8000)} ${left} ${1000 * a.me}`, `${a.sum} ${a.left} ${a.text.length}`);
		same(`worker ${a.me}, bytes`, true, a.bytes.length === 100000 && a.bytes.every(b => b === a.me));
	}
}

async function main() {
	numbers();
	compiled();
	texts();
	webAssembly();
	await workers(+process.argv[2]);
	console.log(`${checks} checks`);
	process.exitCode = wrong ? 1 : 0;
}

if (isMainThread)
	main();
else
	inWorker();
