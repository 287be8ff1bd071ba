// SPDX-License-Identifier: Apache-2.0

// Keys of other issuers: known by their prefix, and never made.

import { crc32 } from "./check.js";
import { strength } from "./entropy.js";
import { hashText } from "./hash.js";
import { ISSUERS as TABLE } from "./issuers.js";
import { bitsPerChar, holdsAt } from "./members.js";
import { usualEnvironment } from "./reading.js";
import { bytesOf } from "./text.js";

/**
 * A fixed text, or a run of characters of one alphabet. A plain run tells rather than hides: it counts for no entropy.
 * @typedef {{text?: string, of?: string, min?: number, max?: number, plain?: boolean}} Piece
 *
 * The rule of a checksum: a number, in an alphabet, at the end of the key. `prefix`: it covers the prefix too; `gap` and
 * `after`: characters before it that it does not cover, and after it. `documented`: the issuer publishes the rule and
 * keeps to it; else a wrong checksum makes the reading less sure and proves nothing.
 * @typedef {{number: string, alphabet: string, size: number, prefix?: boolean, gap?: number, after?: number, documented?: boolean}} Sum
 *
 * One kind of key: a prefix, and what follows it. `shared`: how sure a reading is whose prefix others use too.
 * @typedef {{prefix: string, what: string, opens: string, shape: Piece[], sum?: Sum, shared?: string}} Kind
 *
 * @typedef {{name: string, title: string, revoke: string, kinds: Kind[]}} Issuer
 * @typedef {{issuer: Issuer, kind: Kind}} Origin
 * @typedef {import("./inspect.js").Candidate} Candidate
 */

/** The names of other issuers whose keys `inspect` knows. @type {readonly string[]} */
export const ISSUERS = Object.freeze(TABLE.map((issuer) => issuer.name));

/** All kinds by their first character, longer prefixes first. @type {Map<string, Origin[]>} */
const origins = new Map();
for (const issuer of TABLE) {
	for (const kind of issuer.kinds) {
		const first = kind.prefix[0];
		origins.set(first, [...(origins.get(first) ?? []), { issuer, kind }]);
	}
}
for (const alike of origins.values()) {
	alike.sort((a, b) => b.kind.prefix.length - a.kind.prefix.length);
}

/**
 * The number that a checksum shows.
 * @param {string} name @param {string} covered
 */
function numberOf(name, covered) {
	const bytes = bytesOf(covered);
	switch (name) {
		case "crc32":
			return BigInt(crc32(bytes, 0, bytes.length));
		case "crc32-little": {
			const n = crc32(bytes, 0, bytes.length);
			return BigInt(((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0);
		}
		case "sha256": // the first 40 bits
			return BigInt("0x" + hashText(covered).slice(0, 10));
	}
	throw new TypeError("no such number: " + name);
}

/**
 * The checksum that belongs to what it covers.
 * @param {Sum} sum @param {string} covered
 */
export function writeSum(sum, covered) {
	let text = "";
	const base = BigInt(sum.alphabet.length);
	for (let n = numberOf(sum.number, covered); text.length < sum.size; n /= base) {
		text = sum.alphabet[Number(n % base)] + text;
	}
	return text;
}

/**
 * Compares the checksum that a key of the kind carries with the one it should.
 * @param {Kind} kind @param {string} text
 * @returns {"ok" | "wrong" | "none"}
 */
function check(kind, text) {
	const sum = kind.sum;
	if (!sum) {
		return "none";
	}
	const end = text.length - (sum.after ?? 0);
	const covered = text.slice(sum.prefix ? 0 : kind.prefix.length, end - sum.size - (sum.gap ?? 0));
	return writeSum(sum, covered) === text.slice(end - sum.size, end) ? "ok" : "wrong";
}

/**
 * The entropy of a key of the kind: at most what its alphabets could hold, or -1 where the text is not of it. The
 * checksum counts for nothing.
 * @param {Kind} kind @param {string} text
 */
function bitsOf(kind, text) {
	let bits = measure(kind.shape, 0, text, kind.prefix.length);
	if (bits >= 0 && kind.sum && !kind.sum.gap) {
		const last = kind.shape[kind.shape.length - 1];
		if (!last.plain && last.of) {
			bits -= (kind.sum.size + (kind.sum.after ?? 0)) * bitsPerChar(last.of);
		}
	}
	return bits;
}

/**
 * How much entropy text, from a place on, can hold that is written as the pieces from one on say; or -1.
 * @param {Piece[]} shape @param {number} piece @param {string} text @param {number} from
 * @returns {number}
 */
function measure(shape, piece, text, from) {
	if (piece === shape.length) {
		return from === text.length ? 0 : -1;
	}
	const { text: fixed, of = "", min = 0, max = 0, plain } = shape[piece];
	if (fixed !== undefined) {
		return text.startsWith(fixed, from) ? measure(shape, piece + 1, text, from + fixed.length) : -1;
	}
	let n = 0;
	while (from + n < text.length && n < max && holdsAt(of, text, from + n)) {
		n++;
	}
	for (; n >= min; n--) {
		const bits = measure(shape, piece + 1, text, from + n);
		if (bits >= 0) {
			return plain ? bits : bits + n * bitsPerChar(of);
		}
	}
	return -1;
}

/**
 * Finds the kind of another issuer, of any or of the one with a name. `alone` says that the prefix is that issuer's
 * alone, `near` is the kind whose prefix fits where the rest does not.
 * @param {string} text @param {string} name
 * @returns {{candidate?: Candidate, alone: boolean, near?: Kind}}
 */
export function issued(text, name) {
	let near;
	for (const { issuer, kind } of origins.get(text[0]) ?? []) {
		if (!text.startsWith(kind.prefix) || (name !== "" && name !== issuer.name)) {
			continue;
		}
		const bits = bitsOf(kind, text);
		if (bits >= 0) {
			return { candidate: candidateOf(issuer, kind, text, bits), alone: !kind.shared, near };
		}
		near ??= kind;
	}
	return { alone: false, near };
}

/**
 * @param {Issuer} issuer @param {Kind} kind @param {string} text @param {number} bits
 * @returns {Candidate}
 */
function candidateOf(issuer, kind, text, bits) {
	const checksum = check(kind, text);
	let prefix = kind.prefix.replace(/[-_.:~]+$/, "");
	let environment = "";
	const last = Math.max(...Array.from("_-.:~", (c) => prefix.lastIndexOf(c)));
	if (last > 0 && usualEnvironment(prefix.slice(last + 1))) {
		[prefix, environment] = [prefix.slice(0, last), prefix.slice(last + 1)];
	}
	/** @type {Candidate["certainty"]} */
	let certainty = "prefix";
	if (checksum === "ok") {
		certainty = "checksum";
	} else if (checksum === "wrong" && !kind.sum?.documented) {
		certainty = "shape";
	} else if (kind.shared) {
		certainty = /** @type {Candidate["certainty"]} */ (kind.shared);
	}
	return {
		preset: issuer.name, issuer: issuer.title, prefix, environment, publicId: "", checksum,
		entropyBits: Math.floor(bits * 100) / 100, storageHash: hashText(text), secretMasked: kind.prefix + "***",
		kind: kind.what, opens: kind.opens, revoke: issuer.revoke, certainty, strength: strength(bits),
		damaged: checksum === "wrong" && certainty === "prefix",
		format: { preset: "opaque", secret: { encoding: "opaque" }, checksum: "none", hash: "full" },
	};
}
