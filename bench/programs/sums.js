// SPDX-License-Identifier: Apache-2.0
// What V8 translates: numbers, objects, strings, a typed array.
'use strict';

class Body {
	constructor(x, v) {
		this.x = x;
		this.v = v;
	}
	step(dt) {
		this.v -= this.x * dt;
		this.x += this.v * dt;
	}
}

const bodies = Array.from({ length: 100 }, (_, i) => new Body(i / 10, 0));
for (let n = 0; n < 8000; n++)
	for (const body of bodies)
		body.step(0.001);
const sieve = new Uint8Array(3000000);
let primes = 0;
for (let n = 2; n < sieve.length; n++) {
	if (sieve[n])
		continue;
	primes++;
	for (let m = n * 2; m < sieve.length; m += n)
		sieve[m] = 1;
}
const words = new Map();
let state = 1;
for (let n = 0; n < 150000; n++) {
	state = (state * 16807) % 2147483647;
	const word = `w${state % 5000}`;
	words.set(word, (words.get(word) || 0) + 1);
}
const top = [...words].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 3);
console.log(primes, bodies.reduce((sum, body) => sum + body.x, 0), JSON.stringify(top));
