// SPDX-License-Identifier: Apache-2.0

// Which characters belong to which alphabet, as bits: a text of unknown format is held against many of them.

import { ALPHABETS as OF_FORMATS } from "./encoding.js";

const SEPARATORS = "_-.:~";
const LOWER_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Alphabets by name: those of formats, and those of other issuers' keys alone. @type {Readonly<Record<string, string>>} */
export const ALPHABETS = Object.freeze({
	...OF_FORMATS,
	digits: "0123456789",
	base36: LOWER_DIGITS,
	"upper-case hex": "0123456789ABCDEF",
	padding: "=",
	slug: LOWER_DIGITS + "-_.",
});

/** The bit of each alphabet; bit 0 is that of letters and digits. @type {Map<string, number>} */
const bits = new Map(Object.keys(ALPHABETS).map((name, i) => [name, 1 << (i + 1)]));
const SEPARATOR_BIT = 1 << (bits.size + 1);

const members = new Uint32Array(256);
for (const [name, bit] of [...bits, /** @type {[string, number]} */ (["", 1])]) {
	for (const c of name === "" ? ALPHABETS.base62 : ALPHABETS[name]) {
		members[c.charCodeAt(0)] |= bit;
	}
}
for (const c of SEPARATORS) {
	members[c.charCodeAt(0)] |= SEPARATOR_BIT;
}

/**
 * Whether every character of the text belongs to the alphabet.
 * @param {string} name @param {string} text
 */
export function only(name, text) {
	let all = bits.get(name) ?? 0;
	for (let i = 0; i < text.length; i++) {
		all &= memberBits(text, i);
	}
	return all !== 0;
}

/**
 * Whether the character at a place of the text belongs to the alphabet.
 * @param {string} name @param {string} text @param {number} i
 */
export function holdsAt(name, text, i) {
	return (memberBits(text, i) & (bits.get(name) ?? 0)) !== 0;
}

/** @param {string} text */
export function alphanumeric(text) {
	let all = 1;
	for (let i = 0; i < text.length; i++) {
		all &= memberBits(text, i);
	}
	return all !== 0;
}

/** @param {string} text @param {number} i */
export function alphanumericAt(text, i) {
	return (memberBits(text, i) & 1) !== 0;
}

/** @param {string} text @param {number} i */
export function separatorAt(text, i) {
	return (memberBits(text, i) & SEPARATOR_BIT) !== 0;
}

/** @param {string} text @param {number} i */
function memberBits(text, i) {
	const code = text.charCodeAt(i);
	return code < 256 ? members[code] : 0;
}

/** The entropy of one character of an alphabet. @param {string} name */
export function bitsPerChar(name) {
	return Math.log2(ALPHABETS[name].length);
}
