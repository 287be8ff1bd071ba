// SPDX-License-Identifier: Apache-2.0

import { partBits } from "./entropy.js";
import { FormatError } from "./errors.js";
import { environment, normalize, preset } from "./format.js";
import { DEFAULT_PRESET, shaped } from "./preset.js";

/** @typedef {import("./format.js").Format} Format */
/** @typedef {import("./format.js").FormatInput} FormatInput */
/** @typedef {import("./format.js").Part} Part */

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
