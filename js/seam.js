// SPDX-License-Identifier: Apache-2.0

/**
 * Keys in the style of Seam, `mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG`: the functions and results of npm's
 * prefixed-api-key 1.x, under its names and under those of the fork that speaks of key ids and secrets. A project that
 * uses either changes its import and nothing else:
 *
 *     import { checkAPIKey, generateAPIKey } from "keywright/seam";
 *
 * The hash is SHA-256 of the long token alone, in hex. What is other than in the original, all of it on purpose:
 *
 * - checkAPIKey answers false to a hash that is none, where the original throws; and to a bare secret without a prefix
 *   and to a hash with something behind it, which the original accepts.
 * - extractShortToken finds the short token behind a prefix that holds underscores, where the original returns a part of
 *   the prefix.
 * - Lengths that are not whole numbers above 0 are refused.
 */

import { encodeBase58 } from "./encoding.js";
import { hashText } from "./hash.js";
import { sha256 } from "./sha256.js";
import { bytesOf } from "./text.js";

const MAX_KEY_BYTES = 1024;

/**
 * @typedef {object} GenerateAPIKeyOptions
 * @property {string} [keyPrefix] who makes the key; without it there is none
 * @property {string} [shortTokenPrefix] what short tokens begin with
 * @property {number} [shortTokenLength] 8
 * @property {number} [longTokenLength] 24
 */

/**
 * @typedef {object} TokenComponents
 * @property {string} longToken the secret: never store it
 * @property {string} shortToken the segment that may be logged
 * @property {string} longTokenHash what to store beside the short token
 * @property {string} token the whole key: show it once
 */

/** @typedef {{ keyId: string, secretHash: string, apiKey: string }} APIKeyObject */

/**
 * Makes a key; without a prefix, an empty object. The result also answers to keyId, secretHash and apiKey, the names of
 * the fork; they are not listed with its fields.
 *
 * @param {GenerateAPIKeyOptions} [options]
 * @returns {Promise<(TokenComponents & APIKeyObject) | Partial<Record<keyof (TokenComponents & APIKeyObject), undefined>>>}
 */
export async function generateAPIKey({ keyPrefix, shortTokenPrefix = "", shortTokenLength = 8, longTokenLength = 24 } = {}) {
	if (!keyPrefix) return {};
	const random = randomBase58(shortTokenLength);
	const longToken = randomBase58(longTokenLength);
	const shortToken = (shortTokenPrefix + random).slice(0, shortTokenLength);
	const token = `${keyPrefix}_${shortToken}_${longToken}`;
	const longTokenHash = hashLongToken(longToken);
	const named = { keyId: shortToken, secretHash: longTokenHash, apiKey: token };
	const hidden = Object.entries(named).map(([name, value]) => [name, { value }]);
	return Object.defineProperties(
		/** @type {TokenComponents & APIKeyObject} */ ({ shortToken, longToken, longTokenHash, token }),
		Object.fromEntries(hidden),
	);
}

/**
 * As many characters of base58 as random bytes were read: the first of a number that is at least as long. 24 characters
 * have 139 bits of entropy, 8 have 46.
 *
 * @param {number} length
 */
function randomBase58(length) {
	if (!Number.isSafeInteger(length) || length < 1) {
		throw new RangeError("the length of a token is not a whole number above 0: use 8 for the short and 24 for the long token");
	}
	return encodeBase58(crypto.getRandomValues(new Uint8Array(length))).slice(0, length);
}

/**
 * Returns the storage hash of a long token.
 *
 * @param {string} longToken
 * @returns {string} 64 hex digits
 */
export const hashLongToken = (longToken) => hashText(text(longToken));

/**
 * Returns the secret of a key: what follows the last underscore.
 *
 * @param {string} token
 * @returns {string}
 */
export const extractLongToken = (token) => /** @type {string} */ (text(token).split("_").pop());

/**
 * Returns the segment of a key that may be logged: the one before the secret; undefined where there is none.
 *
 * @param {string} token
 * @returns {string}
 */
export function extractShortToken(token) {
	const parts = text(token).split("_");
	return parts[Math.max(parts.length - 2, 1)];
}

/**
 * Returns the storage hash of a key.
 *
 * @param {string} token
 * @returns {string} 64 hex digits
 */
export const extractLongTokenHash = (token) => hashLongToken(extractLongToken(token));

/**
 * Returns the segments of a key, and its storage hash.
 *
 * @param {string} token
 * @returns {TokenComponents}
 */
export const getTokenComponents = (token) => ({
	longToken: extractLongToken(token),
	shortToken: extractShortToken(token),
	longTokenHash: extractLongTokenHash(token),
	token,
});

/**
 * Tells whether a key has the secret of a storage hash, in a time that does not depend on where they differ. Look the hash
 * up by the short token, and check the prefix where you make keys with more than one: only the secret is compared here.
 *
 * @param {string} token
 * @param {string} expectedLongTokenHash 64 hex digits
 * @returns {boolean}
 */
export function checkAPIKey(token, expectedLongTokenHash) {
	if (typeof token !== "string" || typeof expectedLongTokenHash !== "string") return false;
	const parts = token.length <= MAX_KEY_BYTES ? token.split("_") : [];
	const whole = parts.length >= 3 && [parts[0], ...parts.slice(-2)].every((part) => part !== "");
	if (!whole || !/^[0-9A-Fa-f]{64}$/.test(expectedLongTokenHash)) return false;
	const digest = sha256(bytesOf(extractLongToken(token)));
	let difference = 0;
	for (let i = 0; i < 32; i++) difference |= digest[i] ^ parseInt(expectedLongTokenHash.slice(2 * i, 2 * i + 2), 16);
	return difference === 0;
}

// The names of the fork.

export { extractLongToken as extractSecret, extractShortToken as extractKeyId, hashLongToken as hashSecret };

/**
 * Returns what a server keeps of a key, and the key.
 *
 * @param {string} apiKey
 * @returns {APIKeyObject}
 */
export const getAPIKeyObject = (apiKey) => ({
	keyId: extractShortToken(apiKey),
	secretHash: extractLongTokenHash(apiKey),
	apiKey,
});

/**
 * @param {unknown} value
 * @returns {string}
 */
function text(value) {
	if (typeof value !== "string") throw new TypeError("the key is not text");
	return value;
}
