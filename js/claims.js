// SPDX-License-Identifier: Apache-2.0

// The claims of a signed key, as JSON: written as Python's json.dumps and datetime.isoformat write them, and read
// strictly. A library would take names twice and keep the last: who verifies and who reads the claims elsewhere could
// see different users.

import { SignedError, wellFormed } from "./signing.js";

/**
 * @typedef {object} Claims what a signed key says of itself
 * @property {string} user_id not empty
 * @property {string[]} permissions in the order of the key
 * @property {string} created_at in UTC, such as `2026-01-15T12:00:00` or `2026-01-15T12:00:00.123456`
 * @property {string} key_id not empty
 */

/** The claims that a payload has, as bits. */
const NAMES = { created_at: 1, key_id: 2, permissions: 4, user_id: 8 };
export const ALL_CLAIMS = 15;

/** @param {string} problem */
const malformed = (problem) => new SignedError("malformed", problem);

const notObject = () => malformed("the payload is not one JSON object");
const badTime = () =>
	malformed("created_at is not written as 2026-01-15T12:00:00 or 2026-01-15T12:00:00.123456, in UTC and without a zone");

/**
 * Returns claims as a signed key holds them.
 *
 * @param {string} user
 * @param {string} keyId
 * @param {string[]} permissions
 * @param {bigint} created
 */
export function writeClaims(user, keyId, permissions, created) {
	if (typeof user !== "string" || user === "") throw new SignedError("unusable", "the claims name no user");
	if (typeof keyId !== "string") throw new SignedError("unusable", "the claims name no key id");
	if (!Array.isArray(permissions) || permissions.some((p) => typeof p !== "string")) {
		throw new SignedError("unusable", "permissions is not a list of strings");
	}
	const time = formatTime(created);
	if (![user, keyId, ...permissions].every(wellFormed)) throw new SignedError("unusable", "a claim is not UTF-8");
	const list = permissions.map(pythonText).join(", ");
	return `{"created_at": "${time}", "key_id": ${pythonText(keyId)}, "permissions": [${list}], "user_id": ${pythonText(user)}}`;
}

/** @type {Record<string, string>} */
const SHORT = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A text as json.dumps writes it: ASCII alone, \uXXXX in lower case, surrogate pairs beyond the first plane.
 *
 * @param {string} text
 */
function pythonText(text) {
	const body = text.replace(/["\\]|[^ -~]/g, (unit) => SHORT[unit] ?? "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));
	return `"${body}"`;
}

/**
 * Reads one JSON object of claims, and says which it has.
 *
 * @param {Uint8Array} payload
 * @returns {{ claims: Claims, found: number, created: bigint }}
 */
export function parseClaims(payload) {
	let text;
	try {
		text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
	} catch {
		throw malformed("the payload is not UTF-8");
	}
	const r = new Reader(text);
	const claims = { user_id: "", permissions: /** @type {string[]} */ ([]), created_at: "", key_id: "" };
	let found = 0;
	if (!r.take("{")) throw notObject();
	for (let more = !r.take("}"); more;) {
		const name = r.string();
		if (!Object.hasOwn(NAMES, name)) {
			throw malformed("the payload has a name other than created_at, key_id, permissions and user_id");
		}
		const claim = /** @type {keyof typeof NAMES} */ (name);
		if (found & NAMES[claim]) throw malformed("the payload has a name twice");
		if (!r.take(":")) throw notObject();
		found |= NAMES[claim];
		if (claim === "permissions") {
			claims.permissions = r.strings();
		} else {
			claims[claim] = r.string();
			if (claims[claim] === "" && claim !== "created_at") throw malformed(`${claim} is empty`);
		}
		if (claim === "created_at") parseTime(claims.created_at);
		more = r.take(",");
		if (!more && !r.take("}")) throw notObject();
	}
	if (!r.atEnd()) throw malformed("the payload goes on after its JSON object");
	return { claims, found, created: found & NAMES.created_at ? parseTime(claims.created_at) : 0n };
}

/** Reads the little of JSON that a payload needs, strictly (RFC 8259). */
class Reader {
	/** @param {string} text */
	constructor(text) {
		this.text = text;
		this.at = 0;
	}

	space() {
		while (this.at < this.text.length && " \n\t\r".includes(this.text[this.at])) this.at++;
	}

	atEnd() {
		this.space();
		return this.at === this.text.length;
	}

	/**
	 * Moves over a character, and reports whether it was there.
	 *
	 * @param {string} c
	 */
	take(c) {
		this.space();
		if (this.text[this.at] !== c) return false;
		this.at++;
		return true;
	}

	strings() {
		const list = [];
		const notList = () => malformed("permissions is not a list of strings");
		if (!this.take("[")) throw notList();
		for (let more = !this.take("]"); more;) {
			list.push(this.string());
			more = this.take(",");
			if (!more && !this.take("]")) throw notList();
		}
		return list;
	}

	string() {
		const none = () => malformed("the payload has something else where a string should be, or one that does not end");
		if (!this.take('"')) throw none();
		let value = "";
		while (this.at < this.text.length) {
			const c = this.text[this.at++];
			if (c === '"') return value;
			if (c < " ") throw malformed("the payload has a control character in a string");
			value += c === "\\" ? this.escape() : c;
		}
		throw none();
	}

	/** Reads what follows a backslash. */
	escape() {
		const c = this.text[this.at++] ?? "";
		if (c === "u") return this.unicode();
		const i = c === "" ? -1 : '"\\/bfnrt'.indexOf(c);
		if (i < 0) throw malformed("the payload has an escape that JSON has not");
		return '"\\/\b\f\n\r\t'[i];
	}

	/** Reads the digits of \uXXXX, and the second half of a pair. */
	unicode() {
		const high = this.unit();
		if (high === undefined) throw malformed("the payload has an escape that JSON has not");
		if (high < 0xd800 || high > 0xdfff) return String.fromCharCode(high);
		const half = () => malformed("the payload has half of a surrogate pair");
		if (high > 0xdbff || !this.text.startsWith("\\u", this.at)) throw half();
		this.at += 2;
		const low = this.unit();
		if (low === undefined || low < 0xdc00 || low > 0xdfff) throw half();
		return String.fromCharCode(high, low);
	}

	unit() {
		const digits = this.text.slice(this.at, this.at + 4);
		if (!/^[0-9A-Fa-f]{4}$/.test(digits)) return undefined;
		this.at += 4;
		return parseInt(digits, 16);
	}
}

/**
 * Reads a date and time without a zone, with no fraction or with one of 1 to 6 digits. Other shapes that Python takes
 * were never written by it.
 *
 * @param {string} text
 * @returns {bigint} microseconds since 1970
 */
function parseTime(text) {
	const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?$/.exec(text);
	if (!parts) throw badTime();
	const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
	const date = new Date(0);
	date.setUTCFullYear(year, month - 1, day);
	const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day; // 30 February became a day of March
	if (!real || year < 1 || hour > 23 || minute > 59 || second > 59) throw badTime();
	date.setUTCHours(hour, minute, second);
	return BigInt(date.getTime()) * 1000n + BigInt((parts[7] ?? "").padEnd(6, "0"));
}

/**
 * A time of the caller's in microseconds since 1970.
 *
 * @param {Date | string} at
 */
export function microseconds(at) {
	if (at instanceof Date && !Number.isNaN(at.getTime())) return BigInt(at.getTime()) * 1000n;
	try {
		return parseTime(/** @type {string} */ (at));
	} catch {
		throw new SignedError("unusable", "a time is neither a Date nor written as 2026-01-15T12:00:00, in UTC and without a zone");
	}
}

export const nowMicroseconds = () => BigInt(Date.now()) * 1000n;

/**
 * Writes a time as datetime.isoformat does for one without a zone: no fraction where there are no microseconds.
 *
 * @param {bigint} micros
 */
export function formatTime(micros) {
	const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
	const date = new Date(Number((micros - fraction) / 1000n));
	const year = date.getUTCFullYear();
	if (!(year >= 1 && year <= 9999)) throw new SignedError("unusable", "created_at is not within the years 1 to 9999");
	const text = date.toISOString().slice(0, 19);
	return fraction === 0n ? text : `${text}.${String(fraction).padStart(6, "0")}`;
}
