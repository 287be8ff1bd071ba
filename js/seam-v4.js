// SPDX-License-Identifier: Apache-2.0

/**
 * Keys of version 4 of the fork of prefixed-api-key, `mycompany_25RbpSyxVex_Gp6TRzhNvYA5GonfggbvNU`: the same functions
 * and results. Both segments are whole bytes in base58, and the hash is SHA-256 of the bytes of the secret, in base58: a
 * key or a hash of the versions before does not verify here, nor one of these there (keywright/seam).
 *
 * What is other than in the original, on purpose: a secret that is not base58 as its bytes are written does not verify,
 * and a hash that is none gives false.
 */

import { decodeBase58, encodeBase58 } from "./encoding.js";
import { sha256 } from "./sha256.js";
import { bytesOf } from "./text.js";

const MAX_KEY_BYTES = 1024;

/**
 * @typedef {object} GenerateAPIKeyOptions
 * @property {string} keyPrefix who makes the key; without underscores
 * @property {number} [keyIdLength] bytes of the key id; 8
 * @property {number} [secretEntropy] bits of the secret, a multiple of 8; 128
 */

/**
 * @typedef {object} APIKeyObject
 * @property {string} keyId the segment that may be logged
 * @property {string} secretHash what to store beside the key id
 * @property {string} apiKey the whole key: show it once
 */

/**
 * Makes a key.
 *
 * @param {GenerateAPIKeyOptions} options
 * @returns {Promise<APIKeyObject>}
 */
export async function generateAPIKey({ keyPrefix, keyIdLength = 8, secretEntropy = 128 }) {
	if (secretEntropy % 8 !== 0) throw new Error("`secretEntropy` must be a multiple of 8 so it can fill a byte string.");
	if (typeof keyPrefix !== "string" || keyPrefix === "" || keyPrefix.includes("_")) {
		throw new Error("You must provide a `keyPrefix`, and it must not include `_` characters.");
	}
	const keyId = encodeBase58(random(keyIdLength));
	const secret = random(secretEntropy / 8);
	return { keyId, secretHash: hashSecret(secret), apiKey: `${keyPrefix}_${keyId}_${encodeBase58(secret)}` };
}

/** @param {number} length */
function random(length) {
	if (!Number.isSafeInteger(length) || length < 1) {
		throw new RangeError("a length is not a whole number above 0: use 8 bytes for the key id and 128 bits for the secret");
	}
	return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Returns the storage hash of the bytes of a secret; of a text, that of its bytes in UTF-8, which is another one.
 *
 * @param {Uint8Array | string} secret
 * @returns {string} base58
 */
export function hashSecret(secret) {
	if (typeof secret !== "string" && !(secret instanceof Uint8Array))
		throw new TypeError("the secret is neither bytes nor text");
	return encodeBase58(sha256(typeof secret === "string" ? bytesOf(secret) : secret));
}

/**
 * Returns the segment of a key that may be logged.
 *
 * @param {string} apiKey
 * @returns {string}
 */
export const extractKeyId = (apiKey) => parts(apiKey)[1];

/**
 * Returns the secret of a key as it is written.
 *
 * @param {string} apiKey
 * @returns {string}
 */
export const extractSecret = (apiKey) => parts(apiKey)[2];

/**
 * Returns the bytes of the secret of a key.
 *
 * @param {string} apiKey
 * @returns {Uint8Array}
 */
export function extractSecretAsBuffer(apiKey) {
	const bytes = bytesOfBase58(extractSecret(apiKey));
	if (!bytes) throw new Error("The secret of the API key is not base58.");
	return bytes;
}

/**
 * Returns what a server keeps of a key, and the key.
 *
 * @param {string} apiKey
 * @returns {APIKeyObject}
 */
export const getAPIKeyObject = (apiKey) => ({
	keyId: extractKeyId(apiKey),
	secretHash: hashSecret(extractSecretAsBuffer(apiKey)),
	apiKey,
});

/**
 * Tells whether a key has the secret of a storage hash, in a time that does not depend on where they differ. Look the hash
 * up by the key id, and check the prefix where you make keys with more than one: only the secret is compared here.
 *
 * @param {string} apiKey
 * @param {string} expectedSecretHash base58
 * @returns {boolean}
 */
export function checkAPIKey(apiKey, expectedSecretHash) {
	if (typeof apiKey !== "string" || typeof expectedSecretHash !== "string" || apiKey.length > MAX_KEY_BYTES) return false;
	const [prefix, keyId, written, more] = apiKey.split("_");
	const expected = decodeBase58(expectedSecretHash, 32);
	const secret = prefix && keyId && written && more === undefined ? bytesOfBase58(written) : undefined;
	if (!expected || !secret) return false;
	const digest = sha256(secret);
	let difference = 0;
	for (let i = 0; i < 32; i++) difference |= digest[i] ^ expected[i];
	return difference === 0;
}

/** @param {string} apiKey */
function parts(apiKey) {
	const found = typeof apiKey === "string" && apiKey.length <= MAX_KEY_BYTES ? apiKey.split("_") : [];
	if (found.length !== 3 || found.includes("")) {
		throw new Error("Unexpected API key format. There should be 3 parts separate by `_`.");
	}
	return found;
}

/**
 * Reads bytes in base58, however many they are: one spelling is of one number of bytes.
 *
 * @param {string} text
 * @returns {Uint8Array | undefined}
 */
function bytesOfBase58(text) {
	const fewest = Math.floor((text.length * Math.log2(58)) / 8) - 1;
	for (let n = Math.max(fewest, 1); n <= text.length; n++) {
		const bytes = decodeBase58(text, n);
		if (bytes) return bytes;
	}
	return undefined;
}
