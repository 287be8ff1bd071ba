// SPDX-License-Identifier: Apache-2.0

import { crc32, crockford4, number62 } from "./check.js";
import { ALPHABETS, encode } from "./encoding.js";
import { entropy, partBits, warnings } from "./entropy.js";
import { FormatError } from "./errors.js";
import { environment, normalize, preset } from "./format.js";
import { digestHex } from "./hash.js";
import { DEFAULT_PRESET, shaped } from "./preset.js";

/** @typedef {import("./format.js").Format} Format */
/** @typedef {import("./format.js").FormatInput} FormatInput */
/** @typedef {import("./format.js").Part} Part */

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
 * What keys should be like, as the flags of `keywright generate` say it: a format, or a preset and what differs from it.
 *
 * @typedef {object} GenerateOptions
 * @property {FormatInput} [format] stands alone
 * @property {string} [preset] the default is keywright
 * @property {string} [prefix] the label at the front
 * @property {string} [environment] live, test, staging, dev, one of your own, or none
 * @property {string} [separator] one of _ - . : ~
 * @property {import("./encoding.js").Encoding} [encoding] of the secret; it keeps its entropy unless a size is given
 * @property {number} [bytes] of entropy in the secret
 * @property {number} [chars] of the secret, instead of bytes
 * @property {number} [idBytes] of the public id; 0 leaves it out
 * @property {import("./check.js").Checksum | false} [checksum] false is none
 * @property {import("./preset.js").Shape} [shape]
 */

/** Fills bytes with randomness. @typedef {(bytes: Uint8Array) => unknown} Random */

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
		this.bytes = new Uint8Array(); // those that the last segment shows
		this.block = new Uint8Array(Math.min(MAX_BLOCK, Math.max(256, 64 * Math.ceil(count))));
		this.used = this.block.length; // what was used is zero
		this.entropyBits = entropy(format);
		this.warnings = Object.freeze(warnings(format));
	}

	/** @returns {MadeKey} */
	next() {
		const { format: f, codes } = this;
		const start = (this.length = this.labels.length);
		let publicId = "";
		if (f.id) {
			publicId = this.segment(f.id);
			codes[this.length++] = this.separator;
		}
		const from = this.length;
		const secret = this.segment(f.secret);
		const to = this.length;
		if (f.checksum === "crc32") this.append(number62(crc32(codes, start, to)));
		if (f.checksum === "crockford4") this.append(f.separator + crockford4(codes, to));
		const hash = this.hash(from, to);
		return {
			key: this.text(0, this.length), hash, preset: f.preset ?? "", prefix: f.prefix ?? "", environment: f.environment ?? "",
			publicId, secret, secretLength: secret.length, entropyBits: this.entropyBits,
			checksum: f.checksum === "none" ? "none" : "ok", storageHash: hash, warnings: this.warnings,
		};
	}

	/**
	 * Appends a random segment.
	 *
	 * @param {Part} part
	 * @returns {string} the segment
	 */
	segment(part) {
		const from = this.length;
		if (part.bytes) this.append(this.shown(part.encoding, part.bytes));
		else this.sample(SAMPLES[part.encoding], part.chars ?? 0);
		return this.text(from, this.length);
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
		const end = this.length + n;
		while (this.length < end) {
			if (this.used === this.block.length) this.refill();
			const code = samples[this.block[this.used]];
			this.block[this.used++] = 0;
			this.codes[this.length] = code;
			if (code !== 0) this.length++; // 0 stands for a byte beyond the last whole multiple of the alphabet
		}
	}

	/** Reads a new block. */
	refill() {
		try {
			this.random(this.block);
		} catch (cause) {
			this.block.fill(0);
			const why = cause instanceof Error ? `: ${cause.message}` : "";
			throw new Error(`no randomness, so no key was made${why}`, { cause });
		}
		this.used = 0;
	}

	/** @param {string} text in ASCII */
	append(text) {
		for (let i = 0; i < text.length; i++) this.codes[this.length++] = text.charCodeAt(i);
	}

	/**
	 * @param {number} from
	 * @param {number} to
	 */
	text(from, to) {
		return String.fromCharCode.apply(null, /** @type {any} */ (this.codes.subarray(from, to)));
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

const OPTIONS = [
	"format", "preset", "prefix", "environment", "separator", "encoding", "bytes", "chars", "idBytes", "checksum", "shape",
];

/**
 * Returns the format that options describe.
 *
 * @param {GenerateOptions} options
 * @returns {Format} normalized
 */
export function formatOf(options) {
	if (typeof options !== "object" || options === null || Array.isArray(options)) {
		throw new FormatError("options", "are not an object", 'for example { prefix: "acme" }');
	}
	const given = /** @type {GenerateOptions} */ (
		Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null))
	);
	const names = Object.keys(given);
	if (names.some((name) => !OPTIONS.includes(name))) {
		throw new FormatError("options", "hold a name that is not known", `use ${OPTIONS.join(", ")}`);
	}
	if (given.format) {
		if (names.length > 1) throw new FormatError("format", "stands beside other options", "change the format itself, or leave it out");
		return normalize(given.format);
	}
	/** @type {FormatInput} */
	let format = preset(given.preset ?? DEFAULT_PRESET);
	if (given.shape !== undefined) {
		format = shaped(format, given.shape);
		checkShapeOptions(given);
	}
	if (given.prefix !== undefined) format.prefix = given.prefix;
	if (given.environment !== undefined) format.environment = given.environment === "none" ? "" : environment(given.environment);
	if (given.separator !== undefined) format.separator = given.separator;
	if (given.checksum !== undefined) format.checksum = given.checksum === false ? "none" : given.checksum;
	setSizes(format, given);
	return normalize(format);
}

/** @param {GenerateOptions} given */
function checkShapeOptions(given) {
	for (const name of /** @type {const} */ (["prefix", "environment", "separator"])) {
		if (given.shape !== "secret-only" || given[name] === undefined || given[name] === "none") continue;
		throw new FormatError(name, "is not possible with the shape secret-only", "such keys have no labels: leave one of the two out");
	}
	if (given.shape !== "public-id" && (given.idBytes ?? 0) > 0) {
		throw new FormatError("idBytes", "is not possible with this shape", "such keys have no public id: leave one of the two out");
	}
}

/**
 * Sets how large the segments are. In another alphabet a secret keeps its entropy, unless a size is given.
 *
 * @param {FormatInput} format
 * @param {GenerateOptions} given
 */
function setSizes(format, given) {
	if (given.bytes !== undefined && given.chars !== undefined) {
		throw new FormatError("bytes", "stands beside chars", "give one of them");
	}
	let secret = /** @type {Part} */ (format.secret);
	if (given.encoding !== undefined && given.encoding !== secret.encoding) {
		secret = { encoding: given.encoding, bytes: Math.floor(partBits(secret) / 8) };
	}
	for (const [name, hint] of /** @type {const} */ ([
		["bytes", "32 bytes are 256 bits"], ["chars", "32 characters of base62 are 190 bits"],
	])) {
		const size = given[name];
		if (size === undefined) continue;
		if (!Number.isInteger(size) || size < 1) throw new FormatError(name, "is not a size", hint);
		secret = { encoding: secret.encoding, [name]: size };
	}
	format.secret = secret;
	if (given.idBytes === undefined) return;
	if (!Number.isInteger(given.idBytes) || given.idBytes < 0 || (given.idBytes > 0 && !format.id)) {
		throw new FormatError("idBytes", "is not possible with this format", "its keys have no public id; the shape public-id gives them one");
	}
	format.id = format.id && given.idBytes > 0 ? { encoding: format.id.encoding, bytes: given.idBytes } : undefined;
}
