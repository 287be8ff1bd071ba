// SPDX-License-Identifier: Apache-2.0

// What signed keys and derived keys share: secrets of HMAC-SHA256, and errors.

/** How long a key may be: what a server commonly takes as one header. */
export const MAX_BYTES = 8 << 10;

/**
 * A secret, or several: the bytes of a text in UTF-8, or bytes as they are.
 *
 * @typedef {string | Uint8Array | (string | Uint8Array)[]} Secrets
 */

/** @typedef {"malformed" | "wrong signature" | "expired" | "not valid yet" | "unusable"} Kind */

/** Why a key is refused; of the kind unusable: a secret or claim of the caller's, and no verdict on a key. */
export class SignedError extends Error {
	/**
	 * @param {Kind} kind
	 * @param {string} problem
	 */
	constructor(kind, problem) {
		super(`${kind}: ${problem}`);
		this.name = "SignedError";
		this.kind = kind;
	}
}

/**
 * Refuses what HMAC would take without a word.
 *
 * @param {Secrets} secrets
 * @param {string} none what is wrong where there is none
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function checkSecrets(secrets, none) {
	const list = Array.isArray(secrets) ? secrets : [secrets];
	if (list.length === 0 || list.includes(/** @type {any} */ (undefined))) throw new SignedError("unusable", none);
	return list.map((secret) => {
		const bytes = secretBytes(secret);
		if (bytes.length === 0) throw new SignedError("unusable", "a secret is empty");
		if (bytes[bytes.length - 1] === 0) {
			throw new SignedError("unusable", "a secret ends in a zero byte, and HMAC takes it for the same secret without");
		}
		return bytes;
	});
}

/** @param {unknown} secret */
function secretBytes(secret) {
	if (secret instanceof Uint8Array) return new Uint8Array(secret);
	if (typeof secret !== "string" || !wellFormed(secret))
		throw new SignedError("unusable", "a secret is neither text nor bytes");
	return new TextEncoder().encode(secret);
}

/**
 * Tells whether a text can be written in UTF-8: half of a surrogate pair cannot.
 *
 * @param {string} text
 */
export const wellFormed = (text) => !/\p{Surrogate}/u.test(text);

/**
 * @param {Uint8Array<ArrayBuffer>} secret
 * @param {"sign" | "verify"} use
 */
function imported(secret, use) {
	return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

/**
 * HMAC-SHA256 of a message.
 *
 * @param {Uint8Array<ArrayBuffer>} secret
 * @param {Uint8Array<ArrayBuffer>} message
 */
export async function hmac(secret, message) {
	return new Uint8Array(await crypto.subtle.sign("HMAC", await imported(secret, "sign"), message));
}

/**
 * Tells whether one of the secrets made a code, comparing in constant time. Which one it was is no secret.
 *
 * @param {Uint8Array<ArrayBuffer>[]} secrets
 * @param {Uint8Array} message
 * @param {Uint8Array} code
 */
export async function signedBy(secrets, message, code) {
	for (const secret of secrets) {
		const key = await imported(secret, "verify");
		if (await crypto.subtle.verify("HMAC", key, new Uint8Array(code), new Uint8Array(message))) return true;
	}
	return false;
}
