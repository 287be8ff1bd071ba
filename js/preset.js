// SPDX-License-Identifier: Apache-2.0

import { FormatError } from "./errors.js";

/** @typedef {import("./format.js").FormatInput} FormatInput */

/** The format to use where nothing speaks for another. */
export const DEFAULT_PRESET = "keywright";

/** @type {Record<string, FormatInput>} */
const TABLE = {
	// acme_live_ + 12 base62 id + _ + 43 base62 secret + 6 crc32: 256 bits, selected whole by a double click, and with
	// GitHub's checksum, so that scanners which know it verify offline.
	keywright: {
		prefix: "key", environment: "live", id: { encoding: "base62", chars: 12 },
		secret: { encoding: "base62", chars: 43 }, checksum: "crc32",
	},
	"public-id": {
		prefix: "st", environment: "live", id: { encoding: "crockford", bytes: 5 },
		secret: { encoding: "base64url", bytes: 32 }, checksum: "crockford4",
	},
	unambiguous: { prefix: "key", secret: { encoding: "base55", chars: 32 }, hash: "secret" },
	"secret-key": { prefix: "sk", environment: "live", secret: { encoding: "base62", chars: 32 } },
	"publishable-key": {
		prefix: "pk", environment: "live", secret: { encoding: "base62", chars: 24 }, publishable: true,
	},
	"restricted-key": { prefix: "rk", environment: "live", secret: { encoding: "base62", chars: 32 } },
	"webhook-secret": { prefix: "whsec", secret: { encoding: "base64", bytes: 32 } },
	"service-token": { prefix: "svc", secret: { encoding: "base62", chars: 48 } },
	"personal-token": { prefix: "pat", secret: { encoding: "base62", chars: 36 } },
	seam: {
		prefix: "key", id: { encoding: "base58", chars: 8 }, secret: { encoding: "base58", chars: 24 },
		hash: "secret", lenient: true,
	},
	// A fork of seam: the number is the whole of the bytes, and the hash covers those.
	"seam-v4": {
		prefix: "key", id: { encoding: "base58", bytes: 8 }, secret: { encoding: "base58", bytes: 16 }, hash: "bytes",
	},
	alphanumeric: { secret: { encoding: "base62", chars: 32 } },
	opaque: { secret: { encoding: "opaque" } },
};

/** The names of all presets, the default first. */
export const PRESETS = Object.freeze(Object.keys(TABLE));

/**
 * The format of a preset, not yet normalized.
 *
 * @param {string} name
 * @returns {FormatInput}
 */
export function presetTable(name) {
	if (!PRESETS.includes(name)) throw new FormatError("preset", "is not known", `use one of ${PRESETS.join(", ")}`);
	return { ...TABLE[name], preset: name };
}

/**
 * The label with which keys of a preset begin, as an example, or nothing where they need none.
 *
 * @param {string | undefined} name
 */
export function prefixOf(name) {
	return name !== undefined && PRESETS.includes(name) ? TABLE[name].prefix : undefined;
}

/** @typedef {"public-id" | "prefix" | "secret-only"} Shape */

/**
 * Returns a format with the segments of a shape:
 *
 *	public-id     prefix, environment, public id, secret; a format without a public id gets that of the default preset
 *	prefix        prefix, environment, secret
 *	secret-only   the secret alone: no checksum either
 *
 * @param {FormatInput} format
 * @param {Shape} shape
 * @returns {FormatInput}
 */
export function shaped(format, shape) {
	switch (shape) {
		case "public-id":
			return format.id ? format : { ...format, id: TABLE[DEFAULT_PRESET].id };
		case "prefix":
			return { ...format, id: undefined };
		case "secret-only":
			return {
				...format, prefix: "", environment: "", id: undefined, checksum: "none", lenient: false,
				hash: format.hash === "bytes" ? "secret" : format.hash,
				preset: format.preset === "public-id" ? format.preset : "alphanumeric",
			};
	}
	throw new FormatError("shape", "is not known", "use public-id, prefix or secret-only");
}
