// SPDX-License-Identifier: Apache-2.0

// A format says how one kind of key is written:
//
//	[prefix sep] [environment sep] [public id sep] secret [checksum]
//
// It is a plain object, written the same way in JavaScript, in Go and in JSON. Start from a preset, change what should
// differ, and normalize it; all that takes a format normalizes it first.

import { CHECKSUMS, CHECKSUM_SIZE } from "./check.js";
import { ALPHABETS, alphanumeric, bytesIn, chars, showsBytes } from "./encoding.js";
import { MIN_SECRET_BITS, partBits } from "./entropy.js";
import { FormatError } from "./errors.js";
import { prefixOf, presetTable } from "./preset.js";
import { byteLength } from "./text.js";

/** @typedef {import("./encoding.js").Encoding} Encoding */
/** @typedef {import("./check.js").Checksum} Checksum */

/**
 * How a segment is written and how large it is: in bytes of entropy or in characters, one of the two.
 *
 * @typedef {{ encoding: Encoding, bytes?: number, chars?: number }} Part
 */

/**
 * What the storage hash covers: `full`, the whole key; `secret`, the secret segment; `bytes`, the bytes that the secret
 * segment shows in base58.
 *
 * @typedef {"full" | "secret" | "bytes"} Cover
 */

/**
 * @typedef {object} Format a format as normalize returns it
 * @property {string} [name] how a keyspace calls it: secret, publishable, restricted …
 * @property {string} [preset] what it started from
 * @property {string} [prefix]
 * @property {string} [environment] the label that is written; absent: keys have no such segment
 * @property {string} [separator] one of _ - . : ~
 * @property {Part} [id] the public id
 * @property {Part} secret
 * @property {Checksum} checksum
 * @property {Cover} hash
 * @property {boolean} [lenient] keys of any length are read from the right, by their separators; what is made is strict
 * @property {boolean} [publishable] such keys may be seen by anyone
 */

/**
 * A format before it is normalized: what is left out is empty, false or none, and the hash covers the whole key.
 *
 * @typedef {Omit<Partial<Format>, "id"> & { id?: Part | null }} FormatInput
 */

/** The length in bytes beyond which nothing is read as a key. */
export const MAX_KEY_BYTES = 1024;

const MAX_LABEL = 32;
const MAX_SECRET_BYTES = 64;
const SEPARATORS = "_-.:~";
const COVERS = ["full", "secret", "bytes"];

const FIELDS = {
	name: "string", preset: "string", prefix: "string", environment: "string", separator: "string", id: "object",
	secret: "object", checksum: "string", hash: "string", lenient: "boolean", publishable: "boolean",
};

/**
 * Returns a format to start from, with what should differ from the preset. Its prefix is an example.
 *
 * @param {string} name one of PRESETS
 * @param {FormatInput} [changes]
 * @returns {Format} normalized
 */
export function preset(name, changes = {}) {
	const format = presetTable(name);
	checkFields(changes);
	for (const [field, value] of Object.entries(changes)) {
		if (value !== undefined) Object.assign(format, { [field]: value });
	}
	return normalize(format);
}

/**
 * Returns a copy with trimmed labels and every size settled, or throws a FormatError.
 *
 * @param {FormatInput} format
 * @returns {Format}
 */
export function normalize(format) {
	checkFields(format);
	const hash = format.hash ?? "full";
	const id = normalizePart("id", format.id, hash);
	const secret = normalizePart("secret", format.secret, hash);
	if (secret?.encoding === "opaque") {
		return compact({
			name: format.name, preset: format.preset, secret, checksum: "none", hash: "full", publishable: format.publishable,
		});
	}
	/** @type {FormatInput} */
	const f = {
		name: format.name, preset: format.preset, prefix: trimmed(format.prefix ?? ""),
		environment: format.environment ? environment(format.environment) : "", separator: format.separator || "_",
		id, secret, checksum: format.checksum ?? "none", hash, lenient: format.lenient, publishable: format.publishable,
	};
	checkLabels(f);
	checkSecret(f);
	checkShape(f);
	return compact(f);
}

/**
 * Returns the label of an environment as keys carry it: letters and digits alone, and dev for development.
 *
 * @param {string} label
 */
export function environment(label) {
	if (typeof label !== "string") throw new FormatError("environment", "is not text", "use a short label such as live");
	let kept = label.replace(/[^0-9A-Za-z]/g, "");
	if (kept.toLowerCase() === "development") kept = "dev";
	if (kept === "") {
		throw new FormatError("environment", "has no letter or digit left", "enter at least one letter or number, or choose none");
	}
	if (kept.length > MAX_LABEL) {
		throw new FormatError("environment", "is longer than 32 characters", "use a short label such as live");
	}
	return kept;
}

/**
 * The length of a segment in characters; bytes in base58 have at most as many.
 *
 * @param {Part | null | undefined} part
 */
export function partSize(part) {
	if (!part) return 0;
	return part.bytes ? chars(part.encoding, part.bytes) : (part.chars ?? 0);
}

/**
 * Tells whether keys are read from the right by their separators, rather than by lengths. No segment of such keys can
 * hold a separator.
 *
 * @param {Format} f
 */
export const bySeparators = (f) => Boolean(f.lenient) || f.hash === "bytes";

/**
 * The length of all that follows the labels.
 *
 * @param {Format} f
 */
export const bodySize = (f) => partSize(f.secret) + CHECKSUM_SIZE[f.checksum] + (f.id ? partSize(f.id) + 1 : 0);

/**
 * Refuses what is no format by its types. What was given is never repeated, as it may be a key in the wrong place.
 *
 * @param {unknown} format
 */
function checkFields(format) {
	if (typeof format !== "object" || format === null || Array.isArray(format)) {
		throw new FormatError("format", "is not an object", 'for example {"preset":"keywright","prefix":"acme"}, or what preset returns');
	}
	for (const [field, value] of Object.entries(format)) {
		if (!Object.hasOwn(FIELDS, field)) {
			throw new FormatError("format", "has a field that is not known", `use ${Object.keys(FIELDS).join(", ")}`);
		}
		const type = FIELDS[/** @type {keyof typeof FIELDS} */ (field)];
		if (value === undefined || (value === null && field === "id") || (typeof value === type && value !== null)) continue;
		const hint = type === "object" ? 'for example {"encoding":"base62","chars":43}' : `give a ${type}`;
		throw new FormatError(field, "is of the wrong type", hint);
	}
}

/**
 * Turns the given size into the one the encoding is made by.
 *
 * @param {string} field
 * @param {any} part
 * @param {string} hash
 * @returns {Part | undefined}
 */
function normalizePart(field, part, hash) {
	const encoding = /** @type {Encoding} */ (part?.encoding ?? "none");
	const { bytes = 0, chars: count = 0 } = part ?? {};
	if (String(encoding) === "none") return undefined;
	if (typeof encoding !== "string" || !Object.hasOwn(ALPHABETS, encoding)) {
		throw new FormatError(field, "has no known encoding", "use base62, base58, base55, base64url, base64, hex or crockford");
	}
	if (encoding === "opaque") return { encoding };
	if (!Number.isInteger(bytes) || !Number.isInteger(count) || bytes < 0 || count < 0 || bytes > 0 === count > 0) {
		throw new FormatError(field, "needs one size, in bytes or in chars", 'for example {"encoding":"base62","chars":43}');
	}
	if (bytes > MAX_KEY_BYTES || count > MAX_KEY_BYTES) {
		throw new FormatError(field, "is too long", "a whole key has at most 1024 characters");
	}
	if (bytes > 0) {
		const whole = showsBytes(encoding) || (encoding === "base58" && hash === "bytes");
		return whole ? { encoding, bytes } : { encoding, chars: chars(encoding, bytes) };
	}
	return showsBytes(encoding) ? { encoding, bytes: wholeBytes(field, encoding, count) } : { encoding, chars: count };
}

/**
 * @param {string} field
 * @param {Encoding} encoding
 * @param {number} count
 */
function wholeBytes(field, encoding, count) {
	const bytes = bytesIn(encoding, count);
	if (bytes > 0) return bytes;
	let n = 1;
	while (chars(encoding, n) < count) n++;
	throw new FormatError(field, `cannot show whole bytes in ${count} characters of ${encoding}`, `${chars(encoding, n)} characters would do`);
}

/** @param {FormatInput} f */
function checkLabels(f) {
	if (f.separator?.length !== 1 || !SEPARATORS.includes(f.separator)) {
		throw new FormatError("separator", "is not one of those that keys can have", "use one of _ - . : ~");
	}
	if (!f.prefix) {
		const example = prefixOf(f.preset);
		if (!example || f.preset === "public-id") return;
		throw new FormatError("prefix", "is missing", `keys of this format begin with a label such as ${example}`);
	}
	if (byteLength(f.prefix) > MAX_LABEL) {
		throw new FormatError("prefix", "is longer than 32 characters", "use a short label such as acme");
	}
	if (!f.prefix.split("_").every((word) => word !== "" && alphanumeric(word))) {
		throw new FormatError("prefix", "is not made of letters and digits", "use words of A-Z a-z 0-9 joined by _, such as acme or sk_live");
	}
}

/** @param {FormatInput} f */
export function checkSecret(f) {
	const { secret } = f;
	if (!secret) throw new FormatError("secret", "is missing", 'for example {"encoding":"base62","chars":43}');
	if (partSize(secret) > 128 || (secret.bytes ?? 0) > MAX_SECRET_BYTES) {
		throw new FormatError("secret", "is longer than 64 bytes or 128 characters", "32 bytes are more than enough");
	}
	if (f.preset === "unambiguous" && secret.encoding === "base55") {
		if (partSize(secret) < 16 || partSize(secret) > 64) {
			throw new FormatError("secret", "is not between 16 and 64 characters", "32 characters are 185 bits");
		}
		return;
	}
	const bits = partBits(secret);
	if (bits < MIN_SECRET_BITS) {
		const need = chars(secret.encoding, MIN_SECRET_BITS / 8);
		throw new FormatError("secret", `has ${bits.toFixed(0)} bits of entropy, less than ${MIN_SECRET_BITS}`,
			`${need} characters of ${secret.encoding} would do`);
	}
}

/**
 * The rules for what goes with what, in order: the first that applies refuses.
 *
 * @type {[(f: FormatInput) => unknown, string, string, string][]}
 */
const SHAPE_RULES = [
	[(f) => !CHECKSUMS.includes(f.checksum ?? "none"), "checksum", "is not known", "use none, crc32 or crockford4"],
	[(f) => !COVERS.includes(f.hash ?? "full"), "hash", "is not known", "use full, secret or bytes"],
	[(f) => ["opaque", "base64", "base64url"].includes(f.id?.encoding ?? ""),
		"id", "cannot be written in this encoding", "use base62, base58, base55, hex or crockford"],
	[(f) => f.id && (partBits(f.id) < 32 || partSize(f.id) > 32),
		"id", "is not between 32 bits and 32 characters", "12 characters of base62 are plenty"],
	[(f) => f.id && !f.prefix && !f.environment,
		"prefix", "is missing, and the environment too", "a key with a public id needs a prefix or an environment; or leave the id out"],
	[(f) => f.checksum !== "none" && !f.prefix && !f.environment && !f.id,
		"checksum", "is not possible without a label or a public id", "set it to none"],
	[(f) => f.hash === "bytes" && !(base58Bytes(f.id) && base58Bytes(f.secret)),
		"hash", "can cover bytes only where id and secret are bytes in base58", "start from the preset seam-v4"],
	[(f) => f.hash === "bytes" && (f.environment || f.prefix?.includes(f.separator ?? "") || !f.prefix || f.checksum !== "none"),
		"hash", "can cover bytes only in keys of three parts: a prefix of one word, public id, secret", "set it to secret"],
	[(f) => f.hash !== "secret" && f.lenient,
		"hash", "must cover the secret where keys are read leniently", "set it to secret"],
	[(f) => f.lenient && (f.environment || !f.id || !f.prefix || f.checksum !== "none"),
		"lenient", "needs the shape prefix, public id, secret", "only keys of that shape can be read by their separators"],
	[(f) => f.lenient && ["base64", "base64url"].includes(f.secret?.encoding ?? ""),
		"lenient", "needs a secret of letters and digits", "use base58 or base62"],
];

/** @param {Part | null | undefined} part */
const base58Bytes = (part) => part?.encoding === "base58" && Boolean(part.bytes);

/** @param {FormatInput} f */
export function checkShape(f) {
	for (const [applies, field, problem, hint] of SHAPE_RULES) {
		if (applies(f)) throw new FormatError(field, problem, hint);
	}
}

/**
 * Leaves out what is empty, as Go does in JSON.
 *
 * @param {FormatInput} format
 * @returns {Format}
 */
function compact(format) {
	/** @type {any} */
	const kept = {};
	for (const [field, value] of Object.entries(format)) {
		if (value) kept[field] = value;
	}
	return kept;
}

/**
 * Trims what Go trims: White_Space of Unicode, which is not quite what trim of JavaScript takes.
 *
 * @param {string} text
 */
const trimmed = (text) => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
