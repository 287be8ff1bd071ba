// SPDX-License-Identifier: Apache-2.0

// Tells what kind of key a text is. Nothing is sent anywhere, and no character of a secret is in what is returned.

import { MalformedError } from "./errors.js";
import { findFixed, findKeywright, findPlain, findSeam, findSeamPort, findSeamV4, fixedPreset } from "./find.js";
import { MAX_KEY_BYTES, preset as presetFormat } from "./format.js";
import { Inspection } from "./inspection.js";
import { ISSUERS, issued } from "./issuer.js";
import { diagnoseNormalized } from "./parse.js";
import { formatAt, standardSize } from "./reading.js";
import { byteString } from "./text.js";

export { ISSUERS };

/**
 * @typedef {import("./format.js").Format} Format
 *
 * @typedef {object} Candidate one way to read a key whose format nothing tells
 * @property {string} preset or the name of an issuer
 * @property {string} issuer who issues such keys; empty for formats of our own
 * @property {string} prefix
 * @property {string} environment
 * @property {string} publicId
 * @property {"ok" | "wrong" | "none"} checksum
 * @property {number} entropyBits two digits behind the point, never more than there is
 * @property {string} storageHash hex
 * @property {string} secretMasked labels, public id, and stars for the rest
 * @property {string} kind what its issuer calls it
 * @property {string} opens as far as the prefix says
 * @property {string} revoke where its issuer ends it
 * @property {"checksum" | "prefix" | "shape" | "guess"} certainty what speaks for it; the surest comes first
 * @property {string} strength the entropy in a word
 * @property {boolean} damaged the checksum proves that the key was mistyped or cut off
 * @property {Format} format reads the key again
 */

const CERTAINTIES = ["checksum", "prefix", "shape", "guess"];

/**
 * Guesses what kind of key a text is, best first: one candidate for each preset that can be read from it, or the kind of
 * another issuer whose prefix it has. With a preset, or the name of an issuer, it reads the text as a key of that, whatever
 * its labels and sizes, and throws a MalformedError that says why it is not one. The preset opaque fits any text, so it
 * is never guessed.
 *
 * It is for people who wonder. To verify a key, use the formats of its keyspace.
 *
 * @param {string | Uint8Array} text
 * @param {{preset?: string}} [options]
 * @returns {Candidate[]}
 */
export function inspect(text, options = {}) {
	if (typeof text !== "string" && !(text instanceof Uint8Array)) {
		throw new MalformedError("key", "is not text");
	}
	const bytes = byteString(text);
	if (options.preset) {
		return [inspectAs(text, options.preset)];
	}
	return bytes.length < 16 || bytes.length > MAX_KEY_BYTES ? [] : guess(text);
}

/**
 * @param {string | Uint8Array} text
 * @returns {Candidate[]}
 */
function guess(text) {
	const { candidate, alone } = issued(byteString(text), "");
	if (candidate && alone) {
		return [candidate];
	}
	const found = new Inspection(text, false);
	if (candidate) {
		found.found.push(candidate);
	}
	findKeywright(found);
	if (found.found.at(-1)?.certainty === "checksum" || findSeamV4(found)) {
		return found.found;
	}
	findFixed(found, "");
	if (findSeam(found)) {
		return found.found;
	}
	guessMore(found);
	return found.found.sort((a, b) => CERTAINTIES.indexOf(a.certainty) - CERTAINTIES.indexOf(b.certainty));
}

/**
 * Adds what neither a checksum nor a prefix proves.
 * @param {Inspection} found
 */
function guessMore(found) {
	const open = found.publicId();
	if (open && (open.id || open.checksum !== "none")) {
		found.add(open, "shape");
	} else if (open && found.found.length === 0 && open.secret.encoding !== "base64url") {
		found.add(open, open.prefix || open.environment ? "shape" : "guess");
	}
	const named = found.found.length > 0;
	findPlain(found, "unambiguous");
	if (named) {
		return;
	}
	findPlain(found, "alphanumeric");
	if (open && (standardSize(open.secret.bytes ?? 0) || open.environment)) {
		found.add(open, "guess");
	}
	findSeamPort(found);
}

/**
 * @param {string | Uint8Array} key @param {string} preset
 * @returns {Candidate}
 */
function inspectAs(key, preset) {
	if (ISSUERS.includes(preset)) {
		return issuedAs(byteString(key), preset);
	}
	const format = presetFormat(preset);
	const found = new Inspection(key, true);
	switch (preset) {
		case "keywright":
			findKeywright(found);
			break;
		case "public-id": {
			const open = found.publicId();
			if (open) {
				found.add(open, "shape");
			}
			break;
		}
		case "seam":
			findSeam(found);
			findSeamPort(found);
			break;
		case "seam-v4":
			findSeamV4(found);
			break;
		case "unambiguous":
		case "alphanumeric":
			findPlain(found, preset);
			break;
		default:
			findFixed(found, preset);
	}
	if (found.found.length === 0 && !found.tried) {
		found.add(likely(found, format), "guess");
	}
	if (found.found.length > 0) {
		return found.found[0];
	}
	throw new MalformedError("key", `is not of preset ${preset}: ${diagnoseNormalized(found.tried ?? format, key)}`);
}

/**
 * Returns a format with the labels that the text seems to have, so that the error names what else is wrong.
 * @param {Inspection} found @param {Format} format
 */
function likely(found, format) {
	if (found.fronts.length < 2 || format.secret.encoding === "opaque") {
		return format;
	}
	const at = format.environment && found.fronts[2]?.environment ? found.fronts[2] : found.fronts[1];
	const preset = fixedPreset(format.prefix ?? "");
	return preset !== "" && fixedPreset(at.prefix) !== preset ? format : formatAt(at, format.preset ?? "");
}

/**
 * Reads the text as a key of one issuer.
 * @param {string} text @param {string} name
 * @returns {Candidate}
 */
function issuedAs(text, name) {
	const { candidate, near } = text === "" || text.length > MAX_KEY_BYTES ? {} : issued(text, name);
	if (candidate) {
		return candidate;
	}
	const problem = near ? `begins as one (${near.what}), and has another length or alphabet` : "begins with none of its prefixes";
	throw new MalformedError("key", `is not of ${name}: it ${problem}`);
}
