// SPDX-License-Identifier: Apache-2.0

/**
 * Keys that are derived from a master, as package signed of the Go module makes them, byte for byte:
 *
 *     sk_{scope}_{first 32 hex digits of HMAC-SHA256(master, scope)}
 *
 * Wherever a derived key is checked the master must be there in readable form, so it cannot be kept as a hash: whoever
 * reads it can make every key. A derived key has no expiry, and cannot be revoked without changing the master, which ends
 * all of them.
 */

import { encode } from "./encoding.js";
import { checkSecrets, hmac, MAX_BYTES, SignedError, wellFormed } from "./signing.js";
import { byteLength, bytesOf } from "./text.js";

export { SignedError } from "./signing.js";

const PREFIX = "sk_";
const DIGITS = 32; // of 64

/** @typedef {import("./signing.js").Secrets} Secrets */

/**
 * Makes the key of a master for a scope, always the same one. The scope is any text that is not empty, byte for byte:
 * `read`, `Read` and `orders:read` have three different keys.
 *
 * @param {string | Uint8Array} master
 * @param {string} scope
 * @returns {Promise<string>}
 * @throws {SignedError} of the kind unusable: an empty master or scope, a scope that is not text, and a master that ends
 *   in a zero byte: HMAC pads with zero bytes, so it has the keys of the master without them (RFC 2104, 2)
 */
export async function derive(master, scope) {
	if (typeof scope !== "string" || scope === "") throw new SignedError("unusable", "the scope is empty");
	if (!wellFormed(scope)) throw new SignedError("unusable", "the scope is not UTF-8");
	if (PREFIX.length + byteLength(scope) + 1 + DIGITS > MAX_BYTES) {
		throw new SignedError("unusable", `the scope makes a key longer than ${MAX_BYTES} bytes`);
	}
	return derived(checkSecrets(master, "no master")[0], scope);
}

/**
 * @param {Uint8Array<ArrayBuffer>} master
 * @param {string} scope
 */
async function derived(master, scope) {
	const code = await hmac(master, new Uint8Array(bytesOf(scope)));
	return `${PREFIX}${scope}_${encode("hex", code).slice(0, DIGITS)}`;
}

/**
 * Returns the scope of a key that one of the masters made, comparing in constant time.
 *
 * @param {string} key
 * @param {Secrets} masters
 * @returns {Promise<string>}
 * @throws {SignedError} of the kind malformed or wrong signature: refuse the key; or unusable: a master is none
 */
export async function checkDerived(key, masters) {
	const list = checkSecrets(masters, "no master");
	const scope = derivedScope(key);
	for (const master of list) {
		if (sameText(await derived(master, scope), key)) return scope;
	}
	throw new SignedError("wrong signature", "derived from none of the masters for its scope, or changed");
}

/**
 * Returns the scope that a derived key names, and does not check the key. It reads from the right: a scope may hold
 * underscores, and hex digits.
 *
 * @param {string} key
 * @returns {string}
 */
export function derivedScope(key) {
	if (typeof key !== "string") throw new SignedError("malformed", "not text");
	const end = key.length - DIGITS - 1;
	if (byteLength(key) > MAX_BYTES) throw new SignedError("malformed", `longer than ${MAX_BYTES} bytes`);
	if (!key.startsWith(PREFIX)) throw new SignedError("malformed", "does not begin with sk_");
	if (end <= PREFIX.length) throw new SignedError("malformed", "too short for sk_, a scope, _ and 32 hex digits");
	if (!/^_[0-9a-f]{32}$/.test(key.slice(end))) {
		throw new SignedError("malformed", "does not end in _ and 32 hex digits in lower case");
	}
	if (!wellFormed(key)) throw new SignedError("malformed", "its scope is not UTF-8");
	return key.slice(PREFIX.length, end);
}

/**
 * Compares texts of the same length without telling where they differ.
 *
 * @param {string} a
 * @param {string} b
 */
function sameText(a, b) {
	let difference = a.length ^ b.length;
	for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
	return difference === 0;
}
