// SPDX-License-Identifier: Apache-2.0

// The state of one inspection: what was found, and what the text was held against in vain.

import { bytesIn, holds, only } from "./encoding.js";
import { entropy, partBits, strength } from "./entropy.js";
import { MAX_KEY_BYTES } from "./format.js";
import { hashParsed } from "./hash.js";
import { parseNormalized } from "./parse.js";
import { formatAt, publicReadings, endsInCheck, readFronts, standardSize } from "./reading.js";
import { byteString } from "./text.js";

/**
 * @typedef {import("./inspect.js").Candidate} Candidate
 * @typedef {import("./format.js").Format} Format
 * @typedef {import("./reading.js").Front} Front
 */

export class Inspection {
	/**
	 * @param {string | Uint8Array} key
	 * @param {boolean} all take all readings of one preset, rather than the plausible ones
	 */
	constructor(key, all) {
		this.key = key;
		const text = byteString(key);
		this.text = text;
		this.all = all;
		/** @type {Front[]} */
		this.fronts = text === "" || text.length > MAX_KEY_BYTES ? [] : readFronts(text);
		/** The whole could be a secret of base64url: then labels must be plain words. */
		this.bare = standardSize(bytesIn("base64url", text.length)) && holds("base64url", text, bytesIn("base64url", text.length));
		/** @type {Candidate[]} */
		this.found = [];
		/** @type {Format | undefined} the first format that the text was held against in vain */
		this.tried = undefined;
	}

	/**
	 * Reads the text as a format says, or remembers that it could not.
	 * @param {Format} format
	 */
	read(format) {
		try {
			return parseNormalized(format, this.key);
		} catch {
			this.blame(format);
			return undefined;
		}
	}

	/** @param {Format} format */
	blame(format) {
		if (this.all) {
			this.tried ??= format;
		}
	}

	/**
	 * Keeps what a preset reads with the labels of a front.
	 * @param {Front} at @param {string} preset @param {Candidate["certainty"]} sure
	 */
	addAs(at, preset, sure) {
		return this.add(formatAt(at, preset), sure);
	}

	/**
	 * Keeps what a format reads, and returns whether it could.
	 * @param {Format} format @param {Candidate["certainty"]} sure
	 */
	add(format, sure) {
		const key = this.read(format);
		if (!key) {
			return false;
		}
		const bits = format.lenient ? entropyOfPort(key.secret) : entropy(format);
		const labels = [key.prefix, key.environment, key.publicId].filter((label) => label !== "");
		this.found.push({
			preset: format.preset ?? "", issuer: "", prefix: key.prefix, environment: key.environment, publicId: key.publicId,
			checksum: key.checksum, entropyBits: Math.floor(bits * 100) / 100, storageHash: hashParsed(format, key),
			secretMasked: labels.map((label) => label + (format.separator ?? "")).join("") + "***", kind: "", opens: "", revoke: "",
			certainty: key.checksum === "ok" ? "checksum" : sure,
			strength: format.secret.encoding === "opaque" ? "unknown" : strength(bits),
			damaged: key.checksum === "wrong", format: written(format),
		});
		return true;
	}

	/**
	 * Finds labels, perhaps a Crockford id, a secret that shows bytes, and perhaps a check: the format that most speaks for.
	 * @returns {Format | undefined}
	 */
	publicId() {
		return (!this.all && endsInCheck(this.text) && this.bestReading(true)) || this.bestReading(false);
	}

	/**
	 * @param {boolean} checked whether the check must verify
	 * @returns {Format | undefined}
	 */
	bestReading(checked) {
		/** @type {Format | undefined} */
		let best;
		for (const reading of publicReadings(this.text, this.fronts, checked, this.all, this.bare)) {
			if (best && reading.check === "none") {
				continue; // only a checksum that verifies goes before what has more weight
			}
			const { id: _, ...labels } = formatAt(this.fronts[reading.at], "public-id");
			/** @type {Format} */
			const format = { ...labels, ...(reading.id && { id: reading.id }), secret: reading.secret, checksum: reading.check };
			const key = this.read(format);
			if (key?.checksum === "ok") {
				return format;
			}
			if (key && !best && !checked) {
				best = format;
			}
		}
		return best;
	}
}

/**
 * Leaves out what is empty, as formats are written.
 * @param {Format} format
 * @returns {Format}
 */
function written(format) {
	/** @type {any} */
	const kept = {};
	for (const [name, value] of Object.entries(format)) {
		if (value) {
			kept[name] = typeof value === "object" ? { ...value } : value;
		}
	}
	return kept;
}

/**
 * Takes a secret of a length that its format does not have for sampled from the smallest alphabet that holds it.
 * @param {string} secret
 */
function entropyOfPort(secret) {
	return partBits({ encoding: only("base58", secret) ? "base58" : "base62", chars: secret.length });
}
