// SPDX-License-Identifier: Apache-2.0

// SHA-256 (FIPS 180-4), synchronous: Web Crypto's digest is a promise, and costs many times as much for a text as short as
// a key.

// The first 32 bits of the fractional parts of the cube roots and of the square roots of the first primes.
const K = Int32Array.of(
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const START = Int32Array.of(
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const state = new Int32Array(8);
const schedule = new Int32Array(64);
const tail = new Uint8Array(128); // what is left after the whole blocks, and the padding

/**
 * Takes in the 64 bytes from an offset.
 *
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function block(bytes, at) {
	const w = schedule;
	for (let i = 0; i < 16; i++, at += 4) {
		w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
	}
	for (let i = 16; i < 64; i++) {
		const x = w[i - 15];
		const y = w[i - 2];
		const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
		const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
		w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
	}
	let a = state[0];
	let b = state[1];
	let c = state[2];
	let d = state[3];
	let e = state[4];
	let f = state[5];
	let g = state[6];
	let h = state[7];
	for (let i = 0; i < 64; i++) {
		const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
		const t1 = (h + s1 + (g ^ (e & (f ^ g))) + K[i] + w[i]) | 0;
		const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
		const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
		h = g;
		g = f;
		f = e;
		e = (d + t1) | 0;
		d = c;
		c = b;
		b = a;
		a = (t1 + t2) | 0;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

/**
 * Hashes the bytes from one offset up to another. The result is eight words, which the next call writes over.
 *
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} to
 */
export function digestWords(bytes, from, to) {
	const length = to - from;
	state.set(START);
	for (; from + 64 <= to; from += 64) block(bytes, from);
	let n = 0;
	while (from < to) tail[n++] = bytes[from++];
	tail[n++] = 0x80;
	const end = n > 56 ? 128 : 64;
	tail.fill(0, n, end);
	for (let i = 0, bits = length * 8; i < 6; i++, bits = Math.floor(bits / 256)) tail[end - 1 - i] = bits;
	block(tail, 0);
	if (end === 128) block(tail, 64);
	return state;
}

/**
 * Returns the SHA-256 digest.
 *
 * @param {Uint8Array} bytes
 * @returns {Uint8Array} 32 bytes
 */
export function sha256(bytes) {
	const words = digestWords(bytes, 0, bytes.length);
	const digest = new Uint8Array(32);
	for (let i = 0; i < 32; i++) digest[i] = words[i >> 2] >>> (24 - 8 * (i & 3));
	return digest;
}
