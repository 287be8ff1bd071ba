// SPDX-License-Identifier: Apache-2.0

// Labels at the front of a text of unknown format, and the ways to read what follows them as a key of preset public-id.

import { bytesIn } from "./encoding.js";
import { alphanumeric, alphanumericAt, holdsAt, only, separatorAt } from "./members.js";
import { environment as environmentLabel, preset } from "./format.js";

/**
 * @typedef {import("./format.js").Format} Format
 * @typedef {import("./format.js").Part} Part
 *
 * One way to see labels: `cut` is where they end and the rest begins, `separator` the one before it, `words` all labels,
 * `prefix` those without the environment, `environment` the last, where it is a usual word for that or where the prefix
 * cannot hold it.
 * @typedef {{cut: number, separator: string, words: string, prefix: string, environment: string}} Front
 *
 * One way to read the preset public-id. A base64url secret can hold the separator, and a check fits whatever stands
 * before it, so that there can be several.
 * @typedef {{at: number, check: import("./check.js").Checksum, id?: Part, secret: Part, weight: number}} Reading
 */

const MAX_LABEL = 32;
const CROCKFORD4_SIZE = 5;

const USUAL = new Set([
	"live", "test", "testing", "staging", "stage", "dev", "development", "prod", "production", "sandbox",
	"preview", "preprod", "qa", "uat", "demo", "local", "ci", "canary", "beta",
]);

/** Whether a word commonly names an environment. @param {string} word */
export function usualEnvironment(word) {
	return USUAL.has(word);
}

/**
 * The ways to see labels in a text: none, one, two ….
 * @param {string} text
 * @returns {Front[]}
 */
export function readFronts(text) {
	const fronts = [{ cut: 0, separator: "_", words: "", prefix: "", environment: "" }];
	let word = 0;
	let other = text.length; // where the first separator is that a prefix cannot hold
	for (let i = 0; i < text.length && i <= 2 * MAX_LABEL + 1; i++) {
		if (alphanumericAt(text, i)) {
			continue;
		}
		if (!separatorAt(text, i) || i === word) {
			break;
		}
		word = i + 1;
		if (text[i] !== "_" && i < other) {
			other = i;
		}
		const at = { cut: word, separator: text[i], words: text.slice(0, i), prefix: text.slice(0, i), environment: "" };
		const last = at.words.lastIndexOf(text[i]);
		const label = at.words.slice(last + 1);
		if (usualEnvironment(label) || (last >= 0 && (text[i] !== "_" || i > MAX_LABEL))) {
			[at.environment, at.prefix] = [label, at.words.slice(0, Math.max(last, 0))];
		}
		if (at.prefix.length <= MAX_LABEL && at.environment.length <= MAX_LABEL && alphanumeric(at.environment) && at.prefix.length <= other) {
			fronts.push(at);
		}
	}
	return fronts;
}

/** @type {Map<string, Format>} */
const presets = new Map();

/**
 * A preset with the labels of a front.
 * @param {Front} at @param {string} name
 * @returns {Format}
 */
export function formatAt(at, name) {
	let base = presets.get(name);
	if (!base) {
		presets.set(name, (base = preset(name)));
	}
	const f = { ...base, prefix: at.prefix, separator: at.separator };
	const joins = (at.prefix === "" || at.separator === "_") && at.words.length <= MAX_LABEL;
	if (!(f.environment && (at.prefix !== "" || name === "public-id")) && joins) {
		f.prefix = at.words;
		f.environment = "";
	} else {
		f.environment = labelOf(at.environment);
	}
	return f;
}

/** The label as a format holds it. @param {string} label */
export function labelOf(label) {
	return label === "" ? "" : environmentLabel(label);
}

/**
 * Whether the labels look like words, rather than like pieces of a secret that holds separators: in one case, or short
 * like myApp. Plain words are in lower case.
 * @param {Front} at @param {boolean} plain
 */
export function wordy(at, plain) {
	let mixed = 0;
	for (const word of at.words.split(/[-_.:~]/)) {
		if (word.length > 16) {
			return false;
		}
		if (/[A-Z]/.test(word) && (plain || /[a-z]/.test(word))) {
			mixed += word.length;
		}
	}
	return mixed === 0 || (mixed <= 6 && !plain);
}

/**
 * The ways to read what follows the labels of a front, with and without an id.
 * @param {Front} at @param {number} i its place @param {string} body @param {import("./check.js").Checksum} check
 * @returns {Reading[]}
 */
export function readBody(at, i, body, check) {
	/** @type {Reading[]} */
	const readings = [];
	const weight = (at.environment !== "" ? 4 : 0) + (at.cut > 0 && wordy(at, false) ? 1 : 0);
	/** @param {string} text @param {number} more @param {Part} [id] */
	const add = (text, more, id) => {
		const secret = bytesPart(text);
		if (secret) {
			readings.push({ at: i, check, id, secret, weight: more + (standardSize(secret.bytes ?? 0) ? 16 : 0) });
		}
	};
	const cut = body.indexOf(at.separator);
	const id = body.slice(0, Math.max(cut, 0));
	if (cut >= 0 && at.cut > 0 && crockfordLike(id) && !usualEnvironment(id)) {
		const bytes = bytesIn("crockford", id.length);
		if (4 <= bytes && bytes <= 12) {
			add(body.slice(cut + 1), weight + (only("crockford", id) ? 10 : 8), { encoding: "crockford", bytes });
		}
	}
	add(body, weight);
	return readings;
}

/**
 * Tells by alphabet and length how 16 to 64 bytes are written in a text.
 * @param {string} text
 * @returns {Part | undefined}
 */
function bytesPart(text) {
	for (const encoding of /** @type {const} */ (["hex", "crockford", "base64url"])) {
		const bytes = bytesIn(encoding, text.length);
		if (bytes < 16 || bytes > 64) {
			continue;
		}
		if (encoding === "base64url" || (encoding === "hex" && only("hex", text)) || (encoding === "crockford" && crockfordLike(text))) {
			return { encoding, bytes };
		}
	}
	return undefined;
}

/**
 * The readings of a text as a key of preset public-id, those for which most speaks first: all of them, or those with a
 * check.
 * @param {string} text @param {Front[]} fronts @param {boolean} checked @param {boolean} all @param {boolean} bare
 * @returns {Reading[]}
 */
export function publicReadings(text, fronts, checked, all, bare) {
	/** @type {Reading[]} */
	const readings = [];
	let sound = text.length; // from here on, base64url holds all characters, and so do the other alphabets
	while (sound > 0 && holdsAt("base64url", text, sound - 1)) {
		sound--;
	}
	fronts.forEach((at, i) => {
		const body = text.slice(at.cut);
		const n = body.length - CROCKFORD4_SIZE;
		if (n > 0 && at.cut > 0 && body[n] === at.separator && crockfordLike(body.slice(n + 1))) {
			readings.push(...readBody(at, i, body.slice(0, n), "crockford4"));
		}
		if (!checked && (all || (at.cut >= sound && (!bare || wordy(at, true))))) {
			readings.push(...readBody(at, i, body, "none"));
		}
	});
	return readings.sort((a, b) => b.weight - a.weight);
}

/** Whether a text could end in a check of preset public-id. @param {string} text */
export function endsInCheck(text) {
	const n = text.length - CROCKFORD4_SIZE;
	return n > 0 && separatorAt(text, n) && only("crockford", text.slice(n + 1));
}

/** Whether n bytes are a usual size of a secret. @param {number} n */
export function standardSize(n) {
	return n === 16 || n === 24 || n === 32 || n === 48 || n === 64;
}

/** Whether letters and digits are, in all likelihood, hex or Crockford's base32. @param {string} text */
export function otherAlphabet(text) {
	return (only("hex", text) && bytesIn("hex", text.length) > 0) || (only("crockford", text) && bytesIn("crockford", text.length) > 0);
}

/**
 * Whether a text is Crockford's base32 in one case, look-alikes of digits aside: mixed case is another alphabet.
 * @param {string} text
 */
export function crockfordLike(text) {
	let lower = false;
	let upper = false;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if ((code >= 0x61 && code <= 0x7a)) {
			if (code === 0x75) { // u is none of it
				return false;
			}
			lower ||= code !== 0x6f && code !== 0x69 && code !== 0x6c;
		} else if (code >= 0x41 && code <= 0x5a) {
			if (code === 0x55) {
				return false;
			}
			upper ||= code !== 0x4f && code !== 0x49 && code !== 0x4c;
		} else if (code < 0x30 || code > 0x39) {
			return false;
		}
	}
	return !lower || !upper;
}
