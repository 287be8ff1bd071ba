// SPDX-License-Identifier: Apache-2.0

import { crc32, crockford4, number62 } from "./check.js";
import { ALPHABETS, encode } from "./encoding.js";
import { entropy, warnings } from "./entropy.js";
import { FormatError } from "./errors.js";
import { normalize } from "./format.js";
import { digestHex } from "./hash.js";
import { formatOf } from "./options.js";

/** @typedef {import("./format.js").Format} Format */
/** @typedef {import("./format.js").FormatInput} FormatInput */
/** @typedef {import("./format.js").Part} Part */
/** @typedef {import("./options.js").GenerateOptions} GenerateOptions */

/**
 * @typedef {object} MadeKey a new key and what should be known of it; absent segments are empty
 * @property {string} key the whole key: show it once, to whom it belongs
 * @property {string} hash the storage hash in hex: the only thing to keep
 * @property {string} preset
 * @property {string} prefix
 * @property {string} environment
 * @property {string} publicId the segment that may be logged
 * @property {string} secret the segment that resists guessing
 * @property {number} secretLength
 * @property {number} entropyBits
 * @property {"ok" | "none"} checksum
 * @property {string} storageHash the same as hash
 * @property {readonly string[]} warnings
 */

/**
 * Fills bytes with randomness, or throws.
 *
 * @typedef {(bytes: Uint8Array) => void} Random
 */

const MAX_BLOCK = 65536; // what getRandomValues takes at most
const PAUSE = 10000; // keys between which other work gets its turn

/**
 * Makes one key.
 *
 * @param {GenerateOptions} [options]
 * @returns {Promise<MadeKey>}
 */
export async function generate(options = {}) {
	return make(formatOf(options), 1)[0];
}

/**
 * Makes many keys, and lets other work have its turn in between.
 *
 * @param {number} count
 * @param {GenerateOptions} [options]
 * @returns {Promise<MadeKey[]>}
 */
export async function generateMany(count, options = {}) {
	const generator = new Generator(formatOf(options), checkedCount(count), webCrypto);
	/** @type {MadeKey[]} */
	const keys = [];
	while (keys.length < count) {
		if (keys.length > 0) await new Promise((resolve) => setTimeout(resolve));
		for (let n = Math.min(PAUSE, count - keys.length); n > 0; n--) keys.push(generator.next());
	}
	return keys;
}

/**
 * Makes keys at once. If randomness fails there is an error and no key.
 *
 * @param {FormatInput} format
 * @param {number} count
 * @param {Random} [random] the default is Web Crypto; anything else is for tests
 * @returns {MadeKey[]}
 */
export function make(format, count, random = webCrypto) {
	const generator = new Generator(normalize(format), checkedCount(count), random);
	/** @type {MadeKey[]} */
	const keys = [];
	for (let n = 0; n < count; n++) keys.push(generator.next());
	return keys;
}

/**
 * The object that `keywright generate --output json` prints.
 *
 * @param {MadeKey} made
 */
export const row = (made) => ({
	key: made.key,
	preset: made.preset,
	prefix: made.prefix,
	environment: made.environment,
	public_id: made.publicId,
	secret_length: made.secretLength,
	entropy_bits: Math.floor(made.entropyBits * 100) / 100,
	checksum: made.checksum,
	storage_hash: made.storageHash,
});

/** @param {number} count */
function checkedCount(count) {
	if (!Number.isSafeInteger(count) || count < 1) throw new FormatError("count", "is not a number of keys", "give 1 or more");
	return count;
}

/** @type {Random} */
function webCrypto(bytes) {
	if (typeof globalThis.crypto?.getRandomValues !== "function") {
		throw new Error("this JavaScript engine has no Web Crypto (crypto.getRandomValues)");
	}
	globalThis.crypto.getRandomValues(bytes);
}

/**
 * SAMPLES[encoding][b] is the code of the character that the random byte b gives, or 0 where b must be thrown away so that
 * every character stays equally likely.
 *
 * @type {Record<string, Uint8Array>}
 */
const SAMPLES = {};
for (const encoding of /** @type {const} */ (["base62", "base58", "base55"])) {
	const alphabet = ALPHABETS[encoding];
	SAMPLES[encoding] = new Uint8Array(256);
	for (let b = 0; b < 256 - (256 % alphabet.length); b++) SAMPLES[encoding][b] = alphabet.charCodeAt(b % alphabet.length);
}

/** A Generator makes keys of one format. Randomness is read in blocks, and each byte is used once. */
class Generator {
	/**
	 * @param {Format} format normalized
	 * @param {number} count how many keys are wanted, about
	 * @param {Random} random
	 */
	constructor(format, count, random) {
		if (format.secret.encoding === "opaque") {
			throw new FormatError("preset", "is opaque, and such keys are not made", "register them by their hash, or choose another preset");
		}
		const separator = format.separator ?? "_";
		this.format = format;
		this.random = random;
		this.separator = separator.charCodeAt(0);
		this.labels = [format.prefix, format.environment].filter(Boolean).map((label) => label + separator).join("");
		this.codes = new Uint8Array(1024); // the key that is being made
		for (let i = 0; i < this.labels.length; i++) this.codes[i] = this.labels.charCodeAt(i);
		this.length = 0; // of that key
		this.letters = [0]; // the same as codes
		this.bytes = new Uint8Array(); // those that the last segment shows
		this.block = new Uint8Array(Math.min(MAX_BLOCK, Math.max(256, 64 * Math.ceil(count))));
		this.used = this.block.length; // what was used is zero
		this.entropyBits = entropy(format);
		this.warnings = Object.freeze(warnings(format));
	}

	/** @returns {MadeKey} */
	next() {
		const { format: f, codes } = this;
		const start = this.labels.length;
		this.length = start;
		if (f.id) {
			this.segment(f.id);
			codes[this.length++] = this.separator;
		}
		const from = this.length;
		this.segment(f.secret);
		const to = this.length;
		if (f.checksum === "crc32") this.append(number62(crc32(codes, start, to)));
		if (f.checksum === "crockford4") this.append(f.separator + crockford4(codes, to));
		const hash = this.hash(from, to);
		const key = this.text();
		return {
			key, hash, preset: f.preset ?? "", prefix: f.prefix ?? "", environment: f.environment ?? "",
			publicId: f.id ? key.slice(start, from - 1) : "", secret: key.slice(from, to), secretLength: to - from,
			entropyBits: this.entropyBits, checksum: f.checksum === "none" ? "none" : "ok", storageHash: hash,
			warnings: this.warnings,
		};
	}

	/**
	 * Appends a random segment.
	 *
	 * @param {Part} part
	 */
	segment(part) {
		if (part.bytes) this.append(this.shown(part.encoding, part.bytes));
		else this.sample(SAMPLES[part.encoding], part.chars ?? 0);
	}

	/**
	 * Writes random bytes in an encoding that shows them.
	 *
	 * @param {import("./encoding.js").Encoding} encoding
	 * @param {number} n
	 */
	shown(encoding, n) {
		this.bytes = new Uint8Array(n);
		for (let i = 0; i < n; i++) {
			if (this.used === this.block.length) this.refill();
			this.bytes[i] = this.block[this.used];
			this.block[this.used++] = 0;
		}
		return encode(encoding, this.bytes);
	}

	/**
	 * Appends uniformly random characters of an alphabet.
	 *
	 * @param {Uint8Array} samples
	 * @param {number} n
	 */
	sample(samples, n) {
		const { block, codes } = this;
		const end = this.length + n;
		let { length, used } = this;
		while (length < end) {
			if (used === block.length) used = this.refill();
			const code = samples[block[used]];
			block[used++] = 0;
			codes[length] = code;
			if (code !== 0) length++; // 0 stands for a byte beyond the last whole multiple of the alphabet
		}
		this.length = length;
		this.used = used;
	}

	/** Reads a new block; returns how many of its bytes are used. */
	refill() {
		this.used = this.block.length;
		try {
			/** @type {any} */
			const filled = this.random(this.block);
			if (typeof filled?.then === "function") throw new Error("the source of randomness must fill the bytes before it returns");
		} catch (cause) {
			this.block.fill(0);
			const why = cause instanceof Error ? `: ${cause.message}` : "";
			throw new Error(`no randomness, so no key was made${why}`, { cause });
		}
		this.used = 0;
		return 0;
	}

	/** @param {string} text in ASCII */
	append(text) {
		for (let i = 0; i < text.length; i++) this.codes[this.length++] = text.charCodeAt(i);
	}

	/** The whole key. From a plain array a string is made twice as fast as from a part of a typed one. */
	text() {
		const { codes, letters } = this;
		letters.length = this.length;
		for (let i = 0; i < letters.length; i++) letters[i] = codes[i];
		return String.fromCharCode.apply(null, letters);
	}

	/**
	 * The storage hash of the key, whose secret is at the places given.
	 *
	 * @param {number} from
	 * @param {number} to
	 */
	hash(from, to) {
		if (this.format.hash === "full") return digestHex(this.codes, 0, this.length);
		if (this.format.hash === "secret") return digestHex(this.codes, from, to);
		return digestHex(this.bytes, 0, this.bytes.length); // of the secret, which was made last
	}
}
