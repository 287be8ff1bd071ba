// SPDX-License-Identifier: Apache-2.0

import { CHECKSUM_SIZE, crc32, crockford4, number62 } from "./check.js";
import { ALPHABETS, alphanumeric, decodeBase58, holds, only, showsBytes, strictCrockford } from "./encoding.js";
import { MalformedError } from "./errors.js";
import { bodySize, bySeparators, MAX_KEY_BYTES, normalize, partSize } from "./format.js";
import { byteString, byteValues, textOf } from "./text.js";

/** @typedef {import("./format.js").Format} Format */
/** @typedef {import("./format.js").FormatInput} FormatInput */
/** @typedef {import("./format.js").Part} Part */

/**
 * @typedef {object} Parsed
 * @property {string} key the whole key as it is kept: as it was given, but crockford segments as they are written strictly
 * @property {string} prefix
 * @property {string} environment
 * @property {string} publicId the segment that may be logged
 * @property {string} secret the segment that resists guessing
 * @property {"ok" | "wrong" | "none"} checksum whether the key was typed right; a wrong one is no error
 */

/**
 * Where the segments of a key are, as [from, to].
 *
 * @typedef {{ prefix: Span, environment: Span, id: Span, secret: Span, checksum: Span }} Spans
 * @typedef {[number, number]} Span
 */

/** @type {Span} */
const NOWHERE = [0, 0];

/** @param {string} problem */
const malformed = (problem, segment = "key") => new MalformedError(segment, problem);

const wrongLength = () => malformed("has not the length that its format has");
const noSeparator = () => malformed("has no separator where its format has one");
const notInAlphabet = (/** @type {string} */ segment) => malformed("holds what its alphabet has not", segment);
const notBytes = (/** @type {string} */ segment) => malformed("is not base58 of as many bytes as its format has", segment);

/**
 * Reads a key that is written as the format says: by the lengths of the segments from both ends, so that a secret may hold
 * separators. Throws a MalformedError where it is not such a key.
 *
 * @param {FormatInput} format
 * @param {string | Uint8Array} key text, or its bytes
 * @returns {Parsed}
 */
export function parse(format, key) {
	const parsed = parseNormalized(normalize(format), key);
	return { ...parsed, key: textOf(parsed.key), secret: textOf(parsed.secret) };
}

/**
 * Reads a key, and returns its segments as byte strings.
 *
 * @param {Format} f normalized
 * @param {string | Uint8Array} key
 * @returns {Parsed}
 */
export function parseNormalized(f, key) {
	if (typeof key !== "string" && !(key instanceof Uint8Array)) throw malformed("is not text");
	// Half a pair of UTF-16 is no text, and in UTF-8 would become some other character.
	if (typeof key === "string" && /\p{Surrogate}/u.test(key)) throw malformed("is not printable text");
	if (key.length === 0) throw malformed("is empty");
	if (key.length > MAX_KEY_BYTES) throw malformed("is longer than 1024 bytes");
	let text = byteString(key);
	if (text.length > MAX_KEY_BYTES) throw malformed("is longer than 1024 bytes");
	if (f.secret.encoding === "opaque") return parseOpaque(text);
	if (bySeparators(f)) return parseBySeparators(f, text);
	const spans = place(f, text);
	text = canonical(f, spans, text);
	const id = text.slice(...spans.id);
	const secret = text.slice(...spans.secret);
	if (f.id && !fits(f.id, id)) throw notInAlphabet("public id");
	if (!fits(f.secret, secret)) {
		if (only(f.secret.encoding, secret.replace(/=+$/, ""))) {
			throw malformed("ends as no whole number of bytes does: its last character was changed", "secret");
		}
		throw notInAlphabet("secret");
	}
	return {
		key: text, prefix: text.slice(...spans.prefix), environment: text.slice(...spans.environment), publicId: id, secret,
		checksum: check(f, spans, text),
	};
}

/**
 * Finds the segments: labels from the left, all others from the right.
 *
 * @param {Format} f
 * @param {string} text
 * @returns {Spans}
 */
function place(f, text) {
	const spans = { prefix: NOWHERE, environment: NOWHERE, id: NOWHERE, secret: NOWHERE, checksum: NOWHERE };
	let left = 0;
	let right = text.length;
	if (f.prefix) {
		left = f.prefix.length + 1;
		if (!text.startsWith(f.prefix + f.separator)) throw malformed("is not the one of this format", "prefix");
		spans.prefix = [0, left - 1];
	}
	if (right - left < bodySize(f)) throw wrongLength();
	if (f.checksum !== "none") {
		spans.checksum = [right - CHECKSUM_SIZE[f.checksum], right];
		right = spans.checksum[0];
		if (f.checksum === "crockford4" && text[spans.checksum[0]++] !== f.separator) throw noSeparator();
	}
	spans.secret = [right - partSize(f.secret), right];
	right = spans.secret[0];
	if (f.id) {
		if (text[--right] !== f.separator) throw noSeparator();
		spans.id = [right - partSize(f.id), right];
		right = spans.id[0];
	}
	spans.environment = placeEnvironment(f, text, left, right);
	return spans;
}

/**
 * Takes what is left between the labels and the rest.
 *
 * @param {Format} f
 * @param {string} text
 * @param {number} left
 * @param {number} right
 * @returns {Span}
 */
function placeEnvironment(f, text, left, right) {
	const length = right - left - 1;
	if (!f.environment) {
		if (left !== right) throw wrongLength();
		return NOWHERE;
	}
	if (length < 1 || length > 32) throw wrongLength();
	if (text[right - 1] !== f.separator) throw noSeparator();
	if (!alphanumeric(text.slice(left, right - 1))) throw malformed("is not made of letters and digits", "environment");
	return [left, right - 1];
}

/**
 * Returns text with the segments in crockford as they are written strictly.
 *
 * @param {Format} f
 * @param {Spans} spans
 * @param {string} text
 */
function canonical(f, spans, text) {
	/** @type {Span[]} */
	const lenient = [];
	if (f.id?.encoding === "crockford") lenient.push(spans.id);
	if (f.secret.encoding === "crockford") lenient.push(spans.secret);
	if (f.checksum === "crockford4") lenient.push(spans.checksum);
	for (const [from, to] of lenient) text = text.slice(0, from) + strictCrockford(text.slice(from, to)) + text.slice(to);
	return text;
}

/**
 * Tells whether a segment is written as its part of the format says.
 *
 * @param {Part} part
 * @param {string} text
 */
function fits(part, text) {
	if (showsBytes(part.encoding)) return holds(part.encoding, text, part.bytes ?? 0);
	return part.bytes ? decodeBase58(text, part.bytes) !== undefined : only(part.encoding, text);
}

/**
 * Compares the checksum that a key carries with the one it should.
 *
 * @param {Format} f
 * @param {Spans} spans
 * @param {string} text
 */
function check(f, spans, text) {
	if (f.checksum === "none") return "none";
	const bytes = byteValues(text);
	const [from, to] = [f.id ? spans.id[0] : spans.secret[0], spans.secret[1]];
	const sum = f.checksum === "crc32" ? number62(crc32(bytes, from, to)) : crockford4(bytes, to);
	return sum === text.slice(...spans.checksum) ? "ok" : "wrong";
}

/**
 * Reads prefix, public id and secret from the right, whatever their lengths where the format is lenient: ports of it wrote
 * other ones, and in other alphabets.
 *
 * @param {Format} f
 * @param {string} text
 * @returns {Parsed}
 */
function parseBySeparators(f, text) {
	const separator = f.separator ?? "_";
	const last = text.lastIndexOf(separator);
	const middle = last < 1 ? -1 : text.lastIndexOf(separator, last - 1);
	if (middle < 0) throw noSeparator();
	const [prefix, id, secret] = [text.slice(0, middle), text.slice(middle + 1, last), text.slice(last + 1)];
	if (prefix !== f.prefix) throw malformed("is not the one of this format", "prefix");
	if (id === "" || !alphanumeric(id)) throw notInAlphabet("public id");
	if (secret === "" || !alphanumeric(secret)) throw notInAlphabet("secret");
	if (f.hash === "bytes") {
		if (!f.id || !fits(f.id, id)) throw notBytes("public id");
		if (!fits(f.secret, secret)) throw notBytes("secret");
	}
	return { key: text, prefix, environment: "", publicId: id, secret, checksum: "none" };
}

/**
 * Takes any text of 16 to 1,024 bytes that a header can carry.
 *
 * @param {string} text a byte string
 * @returns {Parsed}
 */
function parseOpaque(text) {
	if (text.length < 16) throw malformed("is shorter than 16 bytes");
	if (/[\0-\x1f\x7f]/.test(text) || !isUtf8(text)) throw malformed("is not printable text");
	return { key: text, prefix: "", environment: "", publicId: "", secret: text, checksum: "none" };
}

/** @param {string} text a byte string */
function isUtf8(text) {
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(byteValues(text));
		return true;
	} catch {
		return false;
	}
}

/**
 * Says in words why a text is not a key of a format, down to the position where that helps, and never repeats the key. The
 * result is empty where it is one.
 *
 * @param {FormatInput} format
 * @param {string | Uint8Array} key
 */
export function diagnose(format, key) {
	return diagnoseNormalized(normalize(format), key);
}

/**
 * @param {Format} f
 * @param {string | Uint8Array} key
 */
export function diagnoseNormalized(f, key) {
	try {
		const { checksum } = parseNormalized(f, key);
		return checksum === "wrong" ? "checksum is wrong: a character was mistyped or cut off" : "";
	} catch (error) {
		if (!(error instanceof MalformedError)) throw error;
		if (error.message === wrongLength().message) return diagnoseLength(f, byteString(key), error);
		if (error.message === notInAlphabet("secret").message && !bySeparators(f)) return diagnoseSecret(f, byteString(key), error);
		return error.message;
	}
}

/**
 * @param {Format} f
 * @param {string} text
 * @param {MalformedError} error
 */
function diagnoseLength(f, text, error) {
	const need = bodySize(f) + (f.prefix ? f.prefix.length + 1 : 0);
	return `${error.message}: ${need} characters${f.environment ? " and an environment" : ""}, not ${text.length}`;
}

/**
 * Finds the first character of a secret that its alphabet has not.
 *
 * @param {Format} f
 * @param {string} text
 * @param {MalformedError} error
 */
function diagnoseSecret(f, text, error) {
	const spans = place(f, text);
	const { encoding } = f.secret;
	const at = [...canonical(f, spans, text).slice(...spans.secret)].findIndex((c) => !only(encoding, c));
	if (at < 0) return error.message;
	return `character ${at + 1} of the secret is not in the alphabet of ${encoding} (${ALPHABETS[encoding]})`;
}
