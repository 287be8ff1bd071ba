// SPDX-License-Identifier: Apache-2.0

import { bitsPerChar, chars } from "./encoding.js";

/** @typedef {import("./format.js").Part} Part */
/** @typedef {import("./format.js").Format} Format */

/** What a secret needs. The preset unambiguous may go below it, as its original does, with a warning. */
export const MIN_SECRET_BITS = 128;

/**
 * The entropy in bits of a segment.
 *
 * @param {Part | undefined} part
 */
export function partBits(part) {
	if (!part || part.encoding === "opaque") return 0;
	return part.bytes ? 8 * part.bytes : (part.chars ?? 0) * bitsPerChar(part.encoding);
}

/**
 * The entropy in bits of one secret: nothing else of a key counts.
 *
 * @param {Format} format
 */
export const entropy = (format) => partBits(format.secret);

/**
 * What its user should know of a format that is allowed all the same.
 *
 * @param {Format} format
 * @returns {string[]}
 */
export function warnings(format) {
	const bits = entropy(format);
	if (format.secret.encoding === "opaque" || bits >= MIN_SECRET_BITS) return [];
	const need = chars(format.secret.encoding, MIN_SECRET_BITS / 8);
	return [`${bits.toFixed(1)} bits of entropy are less than ${MIN_SECRET_BITS}: ${need} characters would do`];
}

/**
 * Puts the entropy of a secret in a word:
 *
 *	below 64 bits   weak         guessing must be slowed down (NIST SP 800-63B-4)
 *	below 112 bits  fair         a plain hash does not suffice (NIST SP 800-63B-4)
 *	below 128 bits  good         below what ASVS 5.0, 11.5.1 asks
 *	below 256 bits  strong
 *	from 256 bits   very strong
 *
 * @param {number} bits
 * @returns {"weak" | "fair" | "good" | "strong" | "very strong"}
 */
export function strength(bits) {
	if (bits < 64) return "weak";
	if (bits < 112) return "fair";
	if (bits < MIN_SECRET_BITS) return "good";
	return bits < 256 ? "strong" : "very strong";
}

/**
 * Estimates the chance that two secrets of a batch are alike: n(n-1)/2^(bits+1).
 *
 * @param {number} count
 * @param {number} bits
 */
export function duplicateProbability(count, bits) {
	return count < 2 ? 0 : Math.min(1, count * (count - 1) * 2 ** -(bits + 1));
}

/**
 * Writes such an estimate for people; what is below 1e-30 is said so.
 *
 * @param {number} probability
 */
export function probabilityText(probability) {
	if (probability < 1e-30) return "below 1e-30";
	const [digits, exponent] = probability.toExponential(1).split("e");
	if (Number(exponent) >= -4) return String(Number(probability.toPrecision(2)));
	return `${digits.replace(".0", "")}e-${exponent.slice(1).padStart(2, "0")}`;
}
