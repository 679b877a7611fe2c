// SPDX-License-Identifier: Apache-2.0
// A small assembler of WebAssembly.
'use strict';

const I32 = 0x7f, I64 = 0x7e, F64 = 0x7c;

function leb(value) {
	const out = [];
	let v = BigInt(value);
	for (;;) {
		const byte = Number(v & 127n);
		v >>= 7n;
		if ((v === 0n && !(byte & 64)) || (v === -1n && byte & 64))
			return [...out, byte];
		out.push(byte | 128);
	}
}

function unsigned(value) {
	const out = [];
	do {
		out.push(value % 128 + (value >= 128 ? 128 : 0));
		value = Math.floor(value / 128);
	} while (value);
	return out;
}

const vector = items => [...unsigned(items.length), ...items.flat()];
const name = text => vector([...Buffer.from(text)].map(b => [b]));
const section = (id, content) => [id, ...unsigned(content.length), ...content];

// Each function: [name, parameters, results, locals, code].
function assemble(functions, shared) {
	return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
		...section(1, vector(functions.map(([, p, r]) => [0x60, ...vector(p.map(t => [t])), ...vector(r.map(t => [t]))]))),
		...section(2, vector([[...name('e'), ...name('m'), 2, ...(shared ? [3, 1, 16] : [1, 1, 16])]])),
		...section(3, vector(functions.map((_, i) => unsigned(i)))),
		...section(4, vector([[0x70, 0, ...unsigned(functions.length)]])),
		...section(7, vector(functions.map(([n], i) => [...name(n), 0, ...unsigned(i)]))),
		...section(9, vector([[0, 0x41, 0, 0x0b, ...vector(functions.map((_, i) => unsigned(i)))]])),
		...section(10, vector(functions.map(([, , , locals, code]) => {
			const body = [...vector(locals.map(([n, t]) => [...unsigned(n), t])), ...code.flat(Infinity), 0x0b];
			return [...unsigned(body.length), ...body];
		})))]);
}

const get = n => [0x20, n], set = n => [0x21, n], tee = n => [0x22, n], i32 = v => [0x41, ...leb(v)], i64 = v => [0x42, ...leb(v)];
const f64 = v => [0x44, ...Buffer.from(new Float64Array([v]).buffer)];
const loop = code => [0x03, 0x40, code, 0x0b], again = [0x0d, 0];

module.exports = { I32, I64, F64, assemble, get, set, tee, i32, i64, f64, loop, again };
