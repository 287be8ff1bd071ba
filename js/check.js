// SPDX-License-Identifier: Apache-2.0

// Checksums catch typing mistakes. They prove nothing: anyone can compute them.

import { ALPHABETS } from "./encoding.js";
import { digestWords } from "./sha256.js";

/**
 * - `crc32` is six characters of base62, as GitHub writes them: CRC-32 (IEEE) of everything after the labels, that is
 *   public id, separator and secret, zero padded.
 * - `crockford4` is a separator and four characters of Crockford's base32: the first 20 bits of SHA-256 of everything
 *   before that separator.
 *
 * @typedef {"none" | "crc32" | "crockford4"} Checksum
 */

/** @type {readonly Checksum[]} */
export const CHECKSUMS = Object.freeze(["none", "crc32", "crockford4"]);

/** The length of each checksum, its separator included. */
export const CHECKSUM_SIZE = Object.freeze({ none: 0, crc32: 6, crockford4: 5 });

const table = new Int32Array(256);
for (let i = 0; i < 256; i++) {
	let c = i;
	for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
	table[i] = c;
}

/**
 * CRC-32 (IEEE) of the bytes from one offset up to another.
 *
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} to
 */
export function crc32(bytes, from, to) {
	let c = -1;
	for (let i = from; i < to; i++) c = table[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
	return ~c >>> 0;
}

/**
 * Writes a number below 2^32 as six characters of base62: 62^6 is more.
 *
 * @param {number} n
 */
export function number62(n) {
	let text = "";
	for (let i = 0; i < 6; i++, n = Math.floor(n / 62)) text = ALPHABETS.base62[n % 62] + text;
	return text;
}

/**
 * Writes the first 20 bits of SHA-256 of the bytes up to an offset as four characters of Crockford's base32.
 *
 * @param {Uint8Array} bytes
 * @param {number} to
 */
export function crockford4(bytes, to) {
	const word = digestWords(bytes, 0, to)[0];
	let text = "";
	for (let shift = 27; shift >= 12; shift -= 5) text += ALPHABETS.crockford[(word >>> shift) & 31];
	return text;
}
