// SPDX-License-Identifier: Apache-2.0

/**
 * Keys in the style of the edge function sec-api-key-generate: a prefix, `_`, and characters that nobody mixes up.
 *
 *     const { key, prefix, entropy } = generateApiKey({ prefix: "sk_live", length: 32 });
 *     // show key once, store the hash of entropy
 */

import { FormatError } from "./errors.js";
import { preset } from "./format.js";
import { make } from "./generate.js";

const DEFAULT_LENGTH = 32;

/** What is wrong with a request for a key. Its text never repeats what was given. */
export class InvalidInputError extends TypeError {
	/** @param {string} message */
	constructor(message) {
		super(message);
		this.name = "InvalidInputError";
		this.code = "INVALID_INPUT";
	}
}

/**
 * @typedef {object} GeneratedKey
 * @property {string} key prefix, `_` and entropy
 * @property {string} prefix
 * @property {string} entropy the secret: SHA-256 of this is what to store
 */

/**
 * Makes a key.
 *
 * @param {{ prefix: string, length?: number }} options the label at the front, and the characters of the secret: 16 to 64,
 *   or 32 where it is left out. 16 are 92 bits; 23 are 128
 * @param {import("./generate.js").Random} [random] the default is Web Crypto; anything else is for tests
 * @returns {GeneratedKey}
 */
export function generateApiKey({ prefix, length = DEFAULT_LENGTH } = /** @type {any} */ ({}), random) {
	const [made] = make(formatOf(prefix, length), 1, random);
	return { key: made.key, prefix: made.prefix, entropy: made.secret };
}

/**
 * @param {unknown} prefix
 * @param {unknown} length
 */
function formatOf(prefix, length) {
	if (typeof prefix !== "string" || prefix === "") {
		throw new InvalidInputError("prefix is missing or not text: use a label such as sk_live");
	}
	// Beyond this no length is a number of characters, and other implementations do not read it as one.
	if (typeof length !== "number" || !Number.isInteger(length) || Math.abs(length) >= 2 ** 63) {
		throw new InvalidInputError("length is not a whole number: use 16 to 64");
	}
	const impossible =
		"prefix is not possible: use words of letters and digits joined by _, at most 32 characters, such as sk_live";
	try {
		const format = preset("unambiguous", { prefix, secret: { encoding: "base55", chars: length } });
		if (format.prefix !== prefix) throw new InvalidInputError(impossible);
		return format;
	} catch (error) {
		if (!(error instanceof FormatError)) throw error;
		throw new InvalidInputError(error.field === "secret" ? "length is out of range: use 16 to 64" : impossible);
	}
}
