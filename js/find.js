// SPDX-License-Identifier: Apache-2.0

// How the keys of each preset are found in a text of unknown format.

import { crc32, number62 } from "./check.js";
import { only } from "./encoding.js";
import { checkSecret, checkShape } from "./format.js";
import { alphanumeric } from "./members.js";
import { crockfordLike, formatAt, labelOf, otherAlphabet, usualEnvironment, wordy } from "./reading.js";

/**
 * @typedef {import("./inspection.js").Inspection} Inspection
 * @typedef {import("./format.js").Format} Format
 */

/**
 * Finds the default sizes of keywright, and other sizes where the checksum proves them.
 * @param {Inspection} found
 */
export function findKeywright(found) {
	const [id, secret, sum] = [12, 43, 6];
	for (const at of found.fronts.slice(1)) {
		const body = found.text.slice(at.cut);
		const usual = body.length === id + 1 + secret + sum && body[id] === at.separator;
		if (!usual && !hasCRC32(body)) {
			continue;
		}
		const format = formatAt(at, "keywright");
		if (!usual) {
			const cut = body.indexOf(at.separator);
			delete format.id;
			format.secret = { encoding: "base62", chars: body.length - sum };
			if (cut > 0) {
				format.id = { encoding: "base62", chars: cut };
				format.secret = { encoding: "base62", chars: body.length - cut - 1 - sum };
			}
			if (!passes(checkSecret, format) || !passes(checkShape, format)) {
				continue;
			}
		}
		if (found.add(format, "shape")) {
			return;
		}
	}
}

/** Whether a body, after the labels, ends in its own checksum. @param {string} body */
function hasCRC32(body) {
	const n = body.length - 6;
	if (n < 22 || !only("base62", body.slice(n))) {
		return false;
	}
	const bytes = new Uint8Array(n);
	for (let i = 0; i < n; i++) {
		bytes[i] = body.charCodeAt(i);
	}
	return number62(crc32(bytes, 0, n)) === body.slice(n);
}

/**
 * Whether a format passes a check.
 * @param {(format: Format) => void} check @param {Format} format
 */
function passes(check, format) {
	try {
		check(format);
		return true;
	} catch {
		return false;
	}
}

/**
 * Finds keys as the original of seam issues them. It tells whether nothing else writes such keys.
 * @param {Inspection} found
 */
export function findSeam(found) {
	const [id, secret] = [8, 24];
	for (const at of found.fronts) {
		const body = found.text.slice(at.cut);
		if (at.cut > 0 && body.length === id + 1 + secret && body[id] === at.separator && only("base58", body.slice(0, id)) && only("base58", body.slice(id + 1))) {
			return found.addAs(at, "seam", "shape") && !crockfordLike(body.slice(0, id));
		}
	}
	return false;
}

/**
 * Finds keys of the fork: three parts, of which two are whole bytes in base58. It tells whether nothing else writes such
 * keys.
 * @param {Inspection} found
 */
export function findSeamV4(found) {
	const at = found.fronts[1]; // one word
	if (!at) {
		return false;
	}
	const [id, secret] = cut(found.text.slice(at.cut), at.separator);
	const plausible = secret !== undefined && 8 <= id.length && id.length <= 11 && 16 <= secret.length && secret.length <= 22 && only("base58", id) && only("base58", secret);
	return plausible && found.addAs(at, "seam-v4", "shape") && !crockfordLike(id);
}

/**
 * Finds what ports of seam made: other lengths, base62.
 * @param {Inspection} found
 */
export function findSeamPort(found) {
	if (found.found.length > 0 && found.all) {
		return;
	}
	for (const at of found.fronts) {
		const [id, secret] = cut(found.text.slice(at.cut), at.separator);
		if (at.cut === 0 || secret === undefined || !alphanumeric(id) || !alphanumeric(secret)) {
			continue;
		}
		const plausible = !found.bare && wordy(at, false) && 8 <= id.length && id.length <= 11 && 16 <= secret.length && secret.length <= 44 && !usualEnvironment(id);
		if (found.all || plausible) {
			if (found.addAs(at, "seam", "guess")) {
				found.found[found.found.length - 1].kind = portOf(id, secret);
			}
			return;
		}
	}
}

/**
 * Names those who write the parts of such a key so, where that is known.
 * @param {string} id @param {string} secret
 */
function portOf(id, secret) {
	if (only("base58", id) && only("base58", secret) && id.length <= 11 && 32 <= secret.length && secret.length <= 33) {
		return "as ports in Rust and Go write it";
	}
	return id.length === 8 && secret.length === 24 && !only("base58", id + secret) ? "as ports in Elixir and PHP write it" : "";
}

/**
 * Finds labels and one alphanumeric secret after them.
 * @param {Inspection} found @param {string} preset
 */
export function findPlain(found, preset) {
	const unambiguous = preset === "unambiguous";
	for (const [i, at] of found.fronts.entries()) {
		const secret = found.text.slice(at.cut);
		if ((i < found.fronts.length - 1 && /[-_.:~]/.test(secret)) || (at.cut === 0 && unambiguous)) {
			continue;
		}
		if (!found.all && (!alphanumeric(secret) || otherAlphabet(secret) || (at.cut > 0 && !wordy(at, found.bare)))) {
			continue;
		}
		if (!found.all && unambiguous && !only("base55", secret)) {
			return;
		}
		const format = formatAt(at, preset);
		format.secret = { encoding: format.secret.encoding, chars: secret.length };
		if (passes(checkSecret, format)) {
			found.add(format, at.cut === 0 ? "guess" : "shape");
			return;
		}
	}
}

/** @type {Map<string, string>} */
const fixedPresets = new Map([
	["sk", "secret-key"], ["api", "secret-key"], ["pk", "publishable-key"], ["pub", "publishable-key"], ["rk", "restricted-key"],
	["whsec", "webhook-secret"], ["svc", "service-token"], ["int", "service-token"], ["pat", "personal-token"],
]);

/** The preset that a word at the front names, or nothing. @param {string} word */
export function fixedPreset(word) {
	return fixedPresets.get(word) ?? "";
}

/**
 * Finds a prefix that names a kind of key, perhaps a usual environment, and one secret.
 * @param {Inspection} found @param {string} want a preset, or any
 */
export function findFixed(found, want) {
	for (const at of found.fronts) {
		const preset = fixedPreset(at.prefix);
		const secret = found.text.slice(at.cut);
		const [next, more] = cut(secret, at.separator);
		if (preset === "" || (want !== "" && want !== preset) || (more !== undefined && at.environment === "" && usualEnvironment(next))) {
			continue;
		}
		const format = { ...formatAt(at, preset), prefix: at.prefix, environment: labelOf(at.environment) };
		const n = secret.length;
		if (format.secret.encoding === "base64") {
			const bytes = Math.floor((n * 3) / 4) - (n - secret.replaceAll("=", "").length);
			if (bytes < 24) {
				continue;
			}
			format.secret = { encoding: "base64", bytes };
		} else if (n % 2 === 0 && 32 <= n && only("hex", secret)) {
			format.secret = { encoding: "hex", bytes: n / 2 };
		} else {
			format.secret = { encoding: format.secret.encoding, chars: n };
		}
		if (passes(checkSecret, format)) {
			found.add(format, "prefix");
		}
		return;
	}
}

/**
 * What is before the first separator, and what is after it where there is one.
 * @param {string} text @param {string} separator
 * @returns {[string, string | undefined]}
 */
function cut(text, separator) {
	const i = text.indexOf(separator);
	return i < 0 ? [text, undefined] : [text.slice(0, i), text.slice(i + 1)];
}
