// SPDX-License-Identifier: Apache-2.0

// Settings are what the options say, and the way from them to a format. A problem says what is wrong with them, why, and
// which change would mend it; while there is one there are no keys.

import { FormatError } from "./keywright/errors.js";
import { environment, normalize, preset } from "./keywright/format.js";
import { OFFERS } from "./formats.js";

/**
 * @typedef {object} Settings
 * @property {string} format @property {string} prefix @property {string} environment @property {string} custom
 * @property {string} shape @property {string} encoding @property {number} size @property {number} count
 * @property {number} idBytes @property {string} separator @property {boolean} checksum
 *
 * @typedef {{label: string, settings: Partial<Settings>}} Fix
 */

/** A Problem is why no key can be made. */
export class Problem extends Error {
	/**
	 * @param {string} field the option it is about, or ""
	 * @param {string} title @param {string} text what would do
	 * @param {Fix[]} [fixes]
	 */
	constructor(field, title, text, fixes = []) {
		super(title);
		this.field = field;
		this.title = title;
		this.text = text;
		this.fixes = fixes;
	}
}

/** @type {Readonly<Settings>} */
export const DEFAULTS = Object.freeze({
	format: "public-id", prefix: "st", environment: "live", custom: "", shape: "public-id", encoding: "base64url",
	size: 32, count: 5, idBytes: 5, separator: "_", checksum: true,
});

/**
 * taken is a format as its preset has it. What was typed as prefix stays, unless it was an example too.
 *
 * @param {Settings} old @param {string} format @returns {Settings}
 */
export function taken(old, format) {
	const offer = OFFERS[format];
	const from = preset(format);
	const examples = [...Object.keys(OFFERS).map((name) => preset(name).prefix), ""];
	return {
		...DEFAULTS, format, count: old.count,
		prefix: examples.includes(old.prefix) ? from.prefix ?? "" : old.prefix,
		environment: from.environment ? (old.environment === "none" ? from.environment : old.environment) : "none",
		custom: old.custom,
		shape: offer.shape, encoding: offer.encodings[0],
		size: from.secret.bytes ?? from.secret.chars ?? 0,
		separator: from.separator ?? "_",
		checksum: Boolean(offer.checksum),
	};
}

/** hasEnvironment reports whether keys of a format can have that segment. @param {string} format */
export const hasEnvironment = (format) => Boolean(OFFERS[format].shapes || preset(format).environment);

/** labelOf is the environment as keys will carry it; empty for none. Throws where nothing is left. @param {Settings} s */
export function labelOf(s) {
	if (s.shape === "secret-only" || s.environment === "none" || !hasEnvironment(s.format)) {
		return "";
	}
	return environment(s.environment === "custom" ? s.custom : s.environment);
}

/**
 * formatOf is the format that the settings ask for.
 *
 * @param {Settings} s
 * @throws {Problem}
 */
export function formatOf(s) {
	checkNumbers(s);
	const offer = OFFERS[s.format];
	const labelled = s.shape !== "secret-only";
	const format = preset(s.format);
	format.separator = s.separator;
	format.prefix = labelled ? s.prefix.trim() : "";
	format.environment = labelFor(s);
	if (labelled && offer.shapes && !format.prefix && !format.environment) {
		throw new Problem("prefix", "No prefix and no environment", `Keys of the shape “${s.shape === "prefix" ? "Prefix + secret" : "Prefix + public id + secret"}” need at least one of them. Type a service prefix, choose an environment, or take the secret alone.`, [
			{ label: "Use the prefix st", settings: { prefix: "st" } },
			{ label: "Use Live", settings: { environment: "live" } },
			{ label: "Take Secret only", settings: { shape: "secret-only" } },
		]);
	}
	if (offer.shapes) {
		format.id = s.shape === "public-id" ? { encoding: "crockford", bytes: s.idBytes } : undefined;
	}
	if (offer.size) {
		format.secret = { encoding: s.encoding, [offer.size.unit]: s.size };
	}
	if (offer.checksum && (!s.checksum || !labelled)) {
		format.checksum = "none";
	}
	try {
		return normalize(format);
	} catch (error) {
		throw explained(error, s);
	}
}

/** @param {Settings} s */
function labelFor(s) {
	try {
		return labelOf(s);
	} catch (error) {
		if (s.environment !== "custom") {
			throw error;
		}
		throw new Problem("custom", "The custom environment is empty",
			/longer/.test(String(error)) ? "It may have 32 characters at most. Use a short label such as sandbox." :
				"Only letters and digits become part of a key, and none are left. Enter at least one letter or number, or choose another environment.", [
				{ label: "Use sandbox", settings: { custom: "sandbox" } },
				{ label: "Choose Live", settings: { environment: "live" } },
				{ label: "Choose None", settings: { environment: "none" } },
			]);
	}
}

/** @param {Settings} s */
function checkNumbers(s) {
	const { size } = OFFERS[s.format];
	range("count", "Key count", s.count, 1, 50, DEFAULTS.count);
	if (size) {
		const preferred = preset(s.format).secret[size.unit] ?? size.min;
		range("size", size.unit === "bytes" ? "Secret bytes" : "Secret characters", s.size, size.min, size.max, preferred);
	}
	if (OFFERS[s.format].shapes && s.shape === "public-id") {
		range("idBytes", "Public id bytes", s.idBytes, 4, 12, DEFAULTS.idBytes);
	}
}

/** @param {keyof Settings} field @param {string} name @param {number} n @param {number} min @param {number} max @param {number} preferred */
function range(field, name, n, min, max, preferred) {
	if (!Number.isInteger(n) || n < min || n > max) {
		throw new Problem(field, `${name} is out of range`, `It takes a whole number from ${min} to ${max}.`, [
			{ label: `Use ${preferred}`, settings: { [field]: preferred } },
		]);
	}
}

/** explained turns what the formats refuse into a problem of the option it comes from. @param {unknown} error @param {Settings} s */
function explained(error, s) {
	if (!(error instanceof FormatError)) {
		return error;
	}
	const [field, name] = /** @type {Record<string, [string, string]>} */ ({
		prefix: ["prefix", "The service prefix"], environment: ["environment", "The environment"], secret: ["size", "The secret"],
		id: ["idBytes", "The public id"], separator: ["separator", "The separator"], checksum: ["checksum", "The check segment"],
	})[error.field] ?? ["format", "The format"];
	/** @type {Fix[]} */
	const fixes = [];
	const example = preset(s.format).prefix;
	if (field === "prefix" && example) {
		fixes.push({ label: `Use ${example}`, settings: { prefix: example } });
	}
	const would = /^(\d+) characters/.exec(error.hint);
	if (field === "size" && would) {
		fixes.push({ label: `Use ${would[1]}`, settings: { size: Number(would[1]) } });
	}
	return new Problem(field, `${name} ${error.problem}`, `${error.hint[0].toUpperCase()}${error.hint.slice(1)}.`, fixes);
}

/**
 * read takes settings from the part of an address behind #, as link writes them. What is not understood is left out: what is
 * out of range shows as a problem.
 *
 * @param {string} hash @returns {Settings|undefined} undefined where it holds none
 */
export function read(hash) {
	const given = new URLSearchParams(hash.replace(/^#/, ""));
	if (![...given.keys()].some((name) => name in DEFAULTS)) {
		return undefined;
	}
	const format = given.get("format") ?? DEFAULTS.format;
	const s = /** @type {Record<string, any>} */ (Object.hasOwn(OFFERS, format) ? taken(DEFAULTS, format) : { ...DEFAULTS });
	const allowed = /** @type {Record<string, string[]>} */ ({
		environment: ["live", "test", "staging", "dev", "custom", "none"], shape: ["public-id", "prefix", "secret-only"],
		encoding: OFFERS[s.format].encodings, separator: ["_", "-", ".", ":", "~"],
	});
	for (const [name, value] of given) {
		if (name === "format" || !Object.hasOwn(DEFAULTS, name) || allowed[name] && !allowed[name].includes(value)) {
			continue;
		}
		const kind = typeof s[name];
		s[name] = kind === "number" ? Number(value) : kind === "boolean" ? value !== "false" : value.slice(0, 60);
	}
	if (!OFFERS[s.format].shapes) {
		s.shape = OFFERS[s.format].shape;
	}
	return /** @type {Settings} */ (s);
}

/** link writes what differs from a format's own settings. @param {Settings} s */
export function link(s) {
	const own = /** @type {Record<string, any>} */ (taken(DEFAULTS, s.format));
	const given = new URLSearchParams({ format: s.format });
	for (const [name, value] of Object.entries(s)) {
		if (name !== "format" && value !== own[name] && !(name === "custom" && s.environment !== "custom")) {
			given.set(name, String(value));
		}
	}
	return given.toString();
}
