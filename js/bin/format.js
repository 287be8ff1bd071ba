// SPDX-License-Identifier: Apache-2.0

import { FormatError } from "../errors.js";
import { ENCODINGS } from "../encoding.js";
import { formatOf } from "../options.js";
import { PRESETS } from "../preset.js";
import { misused } from "./failure.js";

const SHAPES = ["public-id", "prefix", "secret-only"];

/** Flags that describe a format: a preset, and what differs from it. @type {import("./flags.js").Flag[]} */
export const FORMAT_FLAGS = [
	{ name: "preset", value: "NAME", usage: `start from the format NAME: ${PRESETS.filter((name) => name !== "opaque").join(", ")}`, words: PRESETS, initial: "keywright" },
	{ name: "prefix", value: "LABEL", usage: "begin keys with LABEL, such as acme (default: as the preset does)" },
	{ name: "encoding", value: "NAME", usage: "write the secret in the alphabet NAME: base62, base58, base55, base64url, base64, hex or crockford", words: ENCODINGS },
	{ name: "bytes", value: "N", usage: "give the secret N bytes of entropy", number: true },
	{ name: "length", value: "N", usage: "give the secret N characters, instead of --bytes", number: true },
	{ name: "id-bytes", value: "N", usage: "give the public id N bytes; 0 leaves it out", number: true },
	{ name: "separator", value: "CHARACTER", usage: "put CHARACTER between segments: _ - . : or ~", words: ["_", "-", ".", ":", "~"] },
	{ name: "no-checksum", usage: "leave the checksum out" },
	{ name: "shape", value: "SHAPE", usage: "write keys as SHAPE: public-id, prefix (no public id) or secret-only", words: SHAPES },
	{ name: "env", value: "LABEL", usage: "name the environment LABEL: live, test, staging, dev, one of your own, or none" },
];

/**
 * The format that the flags describe.
 * @param {import("./flags.js").Flags} flags
 */
export function formatFrom(flags) {
	checkShape(flags);
	checkSizes(flags);
	/** @param {string} name */
	const given = (name) => (flags.given.has(name) ? flags.text(name) : undefined);
	/** @param {string} name */
	const size = (name) => (flags.given.has(name) ? flags.number(name) : undefined);
	try {
		const format = formatOf({
			preset: flags.text("preset"), prefix: given("prefix"), environment: given("env"), separator: given("separator"),
			encoding: /** @type {any} */ (given("encoding")), bytes: size("bytes"), chars: size("length"), idBytes: size("id-bytes"),
			shape: /** @type {any} */ (given("shape")), checksum: flags.on("no-checksum") ? false : undefined,
		});
		if (format.secret.encoding === "opaque") {
			throw misused("keys of this format are not made", "opaque keys are registered by their hash; choose another --preset");
		}
		return format;
	} catch (error) {
		throw error instanceof FormatError ? formatFailure(error) : error;
	}
}

/** @param {import("./flags.js").Flags} flags */
function checkShape(flags) {
	const shape = flags.text("shape");
	for (const name of ["prefix", "env", "separator"]) {
		if (shape === "secret-only" && flags.given.has(name) && !(name === "env" && flags.text(name) === "none")) {
			throw misused(`--${name} is not possible with --shape secret-only`, "such keys have no labels: leave one of the two out");
		}
	}
	if (shape !== "" && shape !== "public-id" && flags.number("id-bytes") > 0) {
		throw misused(`--id-bytes is not possible with --shape ${shape}`, "such keys have no public id: leave one of the two out");
	}
}

/** @param {import("./flags.js").Flags} flags */
function checkSizes(flags) {
	if (flags.given.has("bytes") && flags.given.has("length")) {
		throw misused("--bytes stands beside --length", "give one of them");
	}
	for (const [name, hint] of [["bytes", "32 bytes are 256 bits"], ["length", "32 characters of base62 are 190 bits"]]) {
		if (flags.given.has(name) && flags.number(name) < 1) {
			throw misused(`--${name} is not a size`, hint);
		}
	}
}

/** @type {Record<string, string>} */
const FLAG_OF = {
	prefix: "--prefix", environment: "--env", separator: "--separator", secret: "the secret", id: "the public id",
	checksum: "the checksum", preset: "--preset", shape: "--shape", idBytes: "--id-bytes",
};

/** @type {Record<string, string>} */
const SEE = { checksum: " (--no-checksum)", secret: " (--bytes or --length)", id: " (--id-bytes or --shape)" };

/** Says which flag a problem of a format is about. @param {FormatError} error */
function formatFailure(error) {
	const hint = error.field === "idBytes" ? "its keys have no public id; --shape public-id gives them one" : error.hint;
	return misused(`${FLAG_OF[error.field] ?? error.field} ${error.problem}`, hint + (SEE[error.field] ?? ""));
}
