// SPDX-License-Identifier: Apache-2.0

/**
 * Keys that carry their own claims, as package signed of the Go module makes them, byte for byte. A key is
 *
 *     base64url without padding of (JSON + HMAC-SHA256(secret, JSON))
 *
 * where the last 32 bytes are the code and the JSON is as Python's json.dumps(sort_keys=True) writes it (RFC 4648, 5;
 * RFC 2104):
 *
 *     {"created_at": "2026-01-15T12:00:00.123456", "key_id": "0123456789abcdef", "permissions": ["read"], "user_id": "user_123"}
 *
 * Anybody can read it; nobody without a secret can make or change it. It cannot be revoked by itself: keep the key ids,
 * and look `key_id` up after verifying.
 *
 * Of all texts that decode to the same bytes one is accepted, so a list of revoked keys cannot be passed by with another
 * spelling. Errors name the reason and never repeat what was given.
 */

import { formatTime, microseconds, nowMicroseconds, parseClaims, ALL_CLAIMS, writeClaims } from "./claims.js";
import { decode, encode } from "./encoding.js";
import { checkSecrets, hmac, MAX_BYTES, SignedError, signedBy } from "./signing.js";
import { byteLength } from "./text.js";

export { SignedError } from "./signing.js";

const CODE_BYTES = 32;
const DEFAULT_MAX_AGE = 365n * 86_400_000_000n; // in microseconds
const DEFAULT_LEEWAY = 60_000_000n;

/** @typedef {import("./signing.js").Secrets} Secrets */
/** @typedef {import("./claims.js").Claims} Claims */

/**
 * @typedef {object} Times
 * @property {Date | string} [at] the time to judge by: a Date, or text such as `2026-01-15T12:00:00.123456`, in UTC; now
 * @property {number} [maxAge] how long a key is valid, in milliseconds; 365 days
 * @property {number} [leeway] how far created_at may lie in the future, in milliseconds; a minute; below 0: not at all
 */

/**
 * Makes a key, and returns its key id too: write it down, it is what a list of revoked keys needs. Where the payload has
 * no key_id it gets 8 random bytes in hex, and where it has no created_at it gets now.
 *
 * @param {{ user_id: string, permissions?: string[], key_id?: string, created_at?: Date | string }} payload
 * @param {Secrets} secret or several, the newest first: that one signs
 * @param {Times} [times]
 * @returns {Promise<{ key: string, keyId: string }>}
 */
export async function sign(payload, secret, times = {}) {
	const secrets = checkSecrets(secret, "no signing secret");
	const now = judgedAt(times);
	const created = payload.created_at === undefined ? now : microseconds(payload.created_at);
	const keyId = payload.key_id || randomId();
	const text = writeClaims(payload.user_id, keyId, payload.permissions ?? [], created);
	const late = outOfTime(created, now, times);
	if (late) throw new SignedError("unusable", `such a key would be refused: ${late.message}`);
	const bytes = new TextEncoder().encode(text);
	const signed = new Uint8Array(bytes.length + CODE_BYTES);
	signed.set(bytes);
	signed.set(await hmac(secrets[0], bytes), bytes.length);
	const key = encode("base64url", signed);
	if (key.length > MAX_BYTES) throw new SignedError("unusable", `the claims make a key longer than ${MAX_BYTES} bytes`);
	return { key, keyId };
}

/**
 * Returns the claims of a key. The code is compared before anything is parsed, in constant time.
 *
 * @param {string} key
 * @param {Secrets} secret or several: all verify
 * @param {Times} [times]
 * @returns {Promise<Claims>}
 * @throws {SignedError} of the kind malformed, wrong signature, expired or not valid yet: refuse the key; or unusable:
 *   the secrets are none
 */
export async function verifySigned(key, secret, times = {}) {
	const secrets = checkSecrets(secret, "no signing secret");
	const now = judgedAt(times);
	const data = readBase64(key);
	if (data.length <= CODE_BYTES) throw new SignedError("malformed", "too short to hold a signature");
	const payload = data.subarray(0, data.length - CODE_BYTES);
	if (!(await signedBy(secrets, payload, data.subarray(data.length - CODE_BYTES)))) {
		throw new SignedError("wrong signature", "made with none of the signing secrets, or changed");
	}
	const { claims, found, created } = parseClaims(payload);
	if (found !== ALL_CLAIMS) {
		throw new SignedError("malformed", "the payload lacks one of created_at, key_id, permissions and user_id");
	}
	const late = outOfTime(created, now, times);
	if (late) throw late;
	return { ...claims, created_at: formatTime(created) };
}

/** @param {Times} times */
function judgedAt({ at }) {
	return at === undefined ? nowMicroseconds() : microseconds(at);
}

/**
 * Judges a key's age in whole microseconds, as the format has them.
 *
 * @param {bigint} created
 * @param {bigint} now
 * @param {Times} times
 */
function outOfTime(created, now, { maxAge, leeway }) {
	if (created - now > duration(leeway, DEFAULT_LEEWAY))
		return new SignedError("not valid yet", "created_at lies in the future");
	const most = maxAge !== undefined && maxAge > 0 ? duration(maxAge, DEFAULT_MAX_AGE) : DEFAULT_MAX_AGE;
	return now - created > most ? new SignedError("expired", "created_at is longer ago than keys are valid") : undefined;
}

/**
 * @param {number | undefined} milliseconds absent or 0: the default
 * @param {bigint} usual
 */
function duration(milliseconds, usual) {
	if (milliseconds === undefined || milliseconds === 0) return usual;
	if (!Number.isFinite(milliseconds)) throw new SignedError("unusable", "a duration is not a number of milliseconds");
	return BigInt(Math.max(Math.trunc(milliseconds * 1000), 0));
}

function randomId() {
	return encode("hex", crypto.getRandomValues(new Uint8Array(8)));
}

/**
 * Returns the bytes of base64url. Of all spellings one is accepted.
 *
 * @param {string} key
 */
function readBase64(key) {
	if (typeof key !== "string") throw new SignedError("malformed", "not text");
	if (byteLength(key) > MAX_BYTES) throw new SignedError("malformed", `longer than ${MAX_BYTES} bytes`);
	const joined = key.replace(/[\r\n]/g, "");
	const data = decode("base64url", joined);
	if (!data) {
		throw new SignedError("malformed", "not base64url without padding, or not written in the one way that it can be");
	}
	if (joined !== key) throw new SignedError("malformed", "base64url with line breaks");
	return data;
}
