// SPDX-License-Identifier: Apache-2.0

import { decode, decodeBase58, encode } from "./encoding.js";
import { normalize } from "./format.js";
import { parseNormalized } from "./parse.js";
import { digestWords, sha256 } from "./sha256.js";
import { bytesOf, byteValues } from "./text.js";

/** @typedef {import("./format.js").FormatInput} FormatInput */

const DIGITS = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const digits = new Array(64).fill(0); // of the hash that is written

/**
 * Writes bytes as lower-case hex.
 *
 * @param {Uint8Array} bytes
 */
export function toHex(bytes) {
	return encode("hex", bytes);
}

/**
 * The SHA-256 of the bytes from one offset up to another, in hex.
 *
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} to
 */
export function digestHex(bytes, from, to) {
	const words = digestWords(bytes, from, to);
	let n = 0;
	for (let i = 0; i < 8; i++) {
		for (let shift = 28; shift >= 0; shift -= 4) digits[n++] = DIGITS[(words[i] >>> shift) & 15];
	}
	return String.fromCharCode.apply(null, digits);
}

/**
 * The SHA-256 of a text, in hex.
 *
 * @param {string} text
 */
export function hashText(text) {
	const bytes = bytesOf(text);
	return digestHex(bytes, 0, bytes.length);
}

/**
 * Returns the storage hash of a key: the only form in which it should be kept. Throws a MalformedError where the key is not
 * one of the format.
 *
 * @param {FormatInput} format says what the hash covers
 * @param {string | Uint8Array} key
 * @returns {string} 64 hex digits
 */
export function hash(format, key) {
	const f = normalize(format);
	return hashParsed(f, parseNormalized(f, key));
}

/**
 * The storage hash of a key that parseNormalized read.
 *
 * @param {import("./format.js").Format} f
 * @param {import("./parse.js").Parsed} parsed its segments as byte strings
 */
export function hashParsed(f, parsed) {
	if (f.hash === "full") return toHex(sha256(byteValues(parsed.key)));
	if (f.hash === "secret") return toHex(sha256(byteValues(parsed.secret)));
	return toHex(sha256(decodeBase58(parsed.secret, f.secret.bytes ?? 0) ?? new Uint8Array()));
}

/**
 * Tells whether a key matches a storage hash, in a time that does not depend on where they differ. Without a format, the
 * hash may cover the whole key, or the secret in any of the places where formats have it.
 *
 * @param {string} key
 * @param {string} hash in hex, base64 or base58
 * @param {FormatInput} [format]
 */
export function match(key, hash, format) {
	const want = parseHash(hash);
	if (format) return equal(hashOf(format, key), want);
	let matched = equal(hashText(key), want);
	for (const covered of coverable(key)) matched = equal(toHex(sha256(covered)), want) || matched;
	return matched;
}

/**
 * What storage hashes may cover other than the whole key: what follows a separator, without a checksum, as text and, in
 * base58, as bytes.
 *
 * @param {string} key
 */
function* coverable(key) {
	for (const { index } of key.slice(0, 1024).matchAll(/[_\-.:~]/g)) {
		for (const checksum of [0, 5, 6]) {
			const secret = key.slice(index + 1, key.length - checksum);
			if (secret.length < 16) continue;
			yield bytesOf(secret);
			const bytes = checksum === 0 && decodeBase58(secret, 16);
			if (bytes) yield bytes;
		}
	}
}

/**
 * @param {FormatInput} format
 * @param {string} key
 */
function hashOf(format, key) {
	try {
		return hash(format, key);
	} catch (error) {
		if (error instanceof Error && error.name === "MalformedError") return "";
		throw error;
	}
}

/**
 * @param {string} a
 * @param {string} b
 */
function equal(a, b) {
	let difference = a.length ^ b.length;
	for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
	return difference === 0;
}

const NO_HASH = "not a SHA-256 hash: expected 64 hex digits, 44 or 43 characters of base64, or base58";
const UNCLEAR = "a hash that can be read as base64 and as base58: say which, or give 64 hex digits";

/**
 * Reads a digest in hex, base64 (with or without padding, either alphabet) or base58. One in seventy of those in base64
 * without padding is a digest in base58 too: rather than guess, that is an error. The error does not repeat the text, which
 * may be a key that was pasted by mistake.
 *
 * @param {string} text
 * @param {import("./encoding.js").Encoding} [encoding] where the caller knows it
 * @returns {string} 64 hex digits
 */
export function parseHash(text, encoding) {
	/** @type {import("./encoding.js").Encoding[]} */
	const encodings = encoding ? [encoding] : ["hex", "base64", "base64url", "base58"];
	const found = new Set(encodings.map((e) => readHash(e, String(text))));
	found.delete(undefined);
	const [hash, ...others] = found;
	if (hash === undefined) throw new Error(NO_HASH);
	if (others.length > 0) throw new Error(UNCLEAR);
	return hash;
}

/**
 * @param {import("./encoding.js").Encoding} encoding
 * @param {string} text
 * @returns {string | undefined}
 */
function readHash(encoding, text) {
	/** @type {Uint8Array | undefined} */
	let bytes = undefined;
	switch (encoding) {
		case "hex":
			bytes = decode("hex", text.toLowerCase());
			break;
		case "base64":
			bytes = decode("base64", text.length === 43 ? `${text}=` : text);
			break;
		case "base64url":
			bytes = decode("base64url", text.length === 44 && text.endsWith("=") ? text.slice(0, 43) : text);
			break;
		case "base58":
			bytes = decodeBase58(text, 32);
	}
	return bytes?.length === 32 ? toHex(bytes) : undefined;
}
