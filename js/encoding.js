// SPDX-License-Identifier: Apache-2.0

// Alphabets in which segments are written. Hex, crockford, base64url and base64 show bytes. The others are sampled
// character by character; base58 shows bytes, as a number, where the hash of a format covers those.

/** @typedef {"base62" | "base58" | "base55" | "base64url" | "base64" | "hex" | "crockford" | "opaque"} Encoding */

/** @type {Readonly<Record<Encoding, string>>} */
export const ALPHABETS = Object.freeze({
	base62: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", // in the order GitHub and npm use
	base58: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", // Bitcoin's: without 0 O I l
	base55: "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz", // without 0 O 1 l I i o
	base64url: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", // RFC 4648 section 5, no padding
	base64: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", // RFC 4648 section 4, with padding
	hex: "0123456789abcdef",
	crockford: "0123456789ABCDEFGHJKMNPQRSTVWXYZ", // written in upper case, read leniently
	opaque: "", // any text: for keys of a home-made shape, which are read and never made
});

/** The encodings in which a secret can be made. */
export const ENCODINGS = Object.freeze(
	/** @type {Encoding[]} */ (Object.keys(ALPHABETS)).filter((name) => name !== "opaque"),
);

/**
 * DIGITS[encoding][c] is the value of the character with the code c, or -1.
 *
 * @type {Record<string, Int8Array>}
 */
const DIGITS = {};
for (const [name, alphabet] of Object.entries(ALPHABETS)) {
	DIGITS[name] = new Int8Array(256).fill(-1);
	for (let i = 0; i < alphabet.length; i++) DIGITS[name][alphabet.charCodeAt(i)] = i;
}

/** @type {Partial<Record<Encoding, number>>} */
const BITS = { hex: 4, crockford: 5, base64url: 6, base64: 6 };

/**
 * Tells whether an encoding shows random bytes, rather than being sampled by the character.
 *
 * @param {Encoding} encoding
 */
export const showsBytes = (encoding) => encoding in BITS;

/**
 * The entropy of one uniformly sampled character.
 *
 * @param {Encoding} encoding
 */
export const bitsPerChar = (encoding) => Math.log2(ALPHABETS[encoding].length);

/**
 * The length of n random bytes, or of as much entropy, in an encoding.
 *
 * @param {Encoding} encoding
 * @param {number} n
 */
export function chars(encoding, n) {
	if (encoding === "base64") return 4 * Math.ceil(n / 3);
	return Math.ceil((8 * n) / (BITS[encoding] ?? bitsPerChar(encoding)));
}

/**
 * How many bytes n characters show in an encoding that shows bytes, or 0 where no whole number does.
 *
 * @param {Encoding} encoding
 * @param {number} n
 */
export function bytesIn(encoding, n) {
	const size = Math.floor((n * (BITS[encoding] ?? 0)) / 8);
	return chars(encoding, size) === n ? size : 0;
}

/**
 * Writes bytes in an encoding that shows them, or in base58 as a number.
 *
 * @param {Encoding} encoding
 * @param {Uint8Array} bytes
 */
export function encode(encoding, bytes) {
	if (encoding === "base58") return encodeBase58(bytes);
	const alphabet = ALPHABETS[encoding];
	const width = BITS[encoding] ?? 0;
	const mask = (1 << width) - 1;
	let text = "";
	let pending = 0;
	let bits = 0;
	for (const byte of bytes) {
		pending = ((pending << 8) | byte) & 0xfff;
		for (bits += 8; bits >= width; ) {
			bits -= width;
			text += alphabet[(pending >> bits) & mask];
		}
	}
	if (bits > 0) text += alphabet[(pending << (width - bits)) & mask];
	return encoding === "base64" ? text.padEnd(chars(encoding, bytes.length), "=") : text;
}

/**
 * Reads what encode writes. The result is undefined for any other text: wrong alphabet, wrong padding, bits to spare.
 *
 * @param {Encoding} encoding one that shows bytes
 * @param {string} text
 * @returns {Uint8Array | undefined}
 */
export function decode(encoding, text) {
	const width = BITS[encoding] ?? 0;
	const body = encoding === "base64" ? text.replace(/=+$/, "") : text;
	const bytes = new Uint8Array(Math.floor((body.length * width) / 8));
	if (chars(encoding, bytes.length) !== text.length || !holds(encoding, text, bytes.length)) return undefined;
	let pending = 0;
	let bits = 0;
	let n = 0;
	for (let i = 0; i < body.length; i++) {
		pending = ((pending << width) | DIGITS[encoding][body.charCodeAt(i)]) & 0xfff;
		bits += width;
		if (bits >= 8) {
			bits -= 8;
			bytes[n++] = pending >> bits;
		}
	}
	return bytes;
}

/**
 * Tells whether a text is n bytes as encode writes them.
 *
 * @param {Encoding} encoding one that shows bytes
 * @param {string} text
 * @param {number} n
 */
export function holds(encoding, text, n) {
	let body = text;
	if (encoding === "base64") {
		body = text.replace(/=+$/, "");
		if (text.length !== chars(encoding, n) || body.length !== chars("base64url", n)) return false;
	}
	if (!only(encoding, body)) return false;
	const spare = body.length * (BITS[encoding] ?? 0) - 8 * n;
	const last = DIGITS[encoding][body.charCodeAt(body.length - 1)];
	return (last & ((1 << spare) - 1)) === 0;
}

/**
 * Tells whether every character of a text belongs to the alphabet.
 *
 * @param {Encoding} encoding
 * @param {string} text
 */
export function only(encoding, text) {
	const digits = DIGITS[encoding];
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code > 255 || digits[code] < 0) return false;
	}
	return true;
}

/**
 * Tells whether a text is made of ASCII letters and digits alone.
 *
 * @param {string} text
 */
export const alphanumeric = (text) => only("base62", text);

/**
 * Writes bytes as a number in base58; every leading zero byte is a leading 1 (draft-msporny-base58).
 *
 * @param {Uint8Array} bytes
 */
export function encodeBase58(bytes) {
	/** @type {number[]} */
	const digits = []; // the lowest first
	for (const byte of bytes) {
		let carry = byte;
		for (let i = 0; i < digits.length; i++) {
			carry += digits[i] << 8;
			digits[i] = carry % 58;
			carry = Math.floor(carry / 58);
		}
		for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
	}
	for (let i = 0; i < bytes.length && bytes[i] === 0; i++) digits.push(0);
	let text = "";
	for (let i = digits.length - 1; i >= 0; i--) text += ALPHABETS.base58[digits[i]];
	return text;
}

/**
 * Reads n bytes in base58. The result is undefined where the text is not so many bytes in their one spelling.
 *
 * @param {string} text
 * @param {number} n
 * @returns {Uint8Array | undefined}
 */
export function decodeBase58(text, n) {
	if (text.length < n || text.length > 2 * n || !only("base58", text)) return undefined;
	const bytes = new Uint8Array(n);
	for (let i = 0; i < text.length; i++) {
		let carry = DIGITS.base58[text.charCodeAt(i)];
		for (let j = n - 1; j >= 0; j--) {
			carry += bytes[j] * 58;
			bytes[j] = carry;
			carry >>= 8;
		}
		if (carry > 0) return undefined;
	}
	let ones = 0;
	while (ones < text.length && text[ones] === "1") ones++;
	let zeros = 0;
	while (zeros < n && bytes[zeros] === 0) zeros++;
	return ones === zeros ? bytes : undefined;
}

/**
 * Returns text as Crockford's base32 is written: upper case, I and L as 1, O as 0. What cannot be read fails the alphabet
 * still.
 *
 * @param {string} text
 */
export function strictCrockford(text) {
	return text.replace(/[a-zILO]/g, (c) => {
		const upper = c.toUpperCase();
		if (upper === "I" || upper === "L") return "1";
		return upper === "O" ? "0" : upper;
	});
}
