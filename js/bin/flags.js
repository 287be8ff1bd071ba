// SPDX-License-Identifier: Apache-2.0

// Reads the flags of a command, from its arguments or from variables.

import { misused } from "./failure.js";
import { KEY_INPUT_HINT, looksLikeKey } from "./guard.js";

/**
 * A flag: its name, the word for its value (none: it takes no value), what it does, and where it applies the words that
 * it can take, whether it takes a whole number, and what it is without being given.
 * @typedef {{name: string, value?: string, usage: string, words?: readonly string[], number?: boolean, initial?: string}} Flag
 *
 * @typedef {{given: Set<string>, text: (name: string) => string, number: (name: string) => number, on: (name: string) => boolean}} Flags
 */

/**
 * Splits arguments into flags and the others.
 * @param {string} command as it is typed @param {readonly Flag[]} known @param {string[]} args
 * @returns {{flags: Flags, rest: string[], help: boolean}}
 */
export function readFlags(command, known, args) {
	/** @type {Map<string, string>} */
	const values = new Map();
	/** @type {string[]} */
	const rest = [];
	let help = false;
	for (let i = 0; i < args.length; i++) {
		const arg = args[i];
		if (arg === "--") {
			rest.push(...args.slice(i + 1));
			break;
		}
		if (!arg.startsWith("-") || arg === "-") {
			rest.push(arg);
			continue;
		}
		if (arg === "-h" || arg === "--help") {
			help = true;
			continue;
		}
		const flag = flagNamed(command, known, arg);
		const equals = arg.indexOf("=");
		if (equals < 0 && flag.value !== undefined && ++i >= args.length) {
			throw misused(`--${flag.name} needs a value`, flag.usage);
		}
		const value = equals >= 0 ? arg.slice(equals + 1) : flag.value === undefined ? "true" : args[i];
		values.set(flag.name, checked(flag, value, `--${flag.name}`, flag.usage));
	}
	if (!help) {
		readVariables(known, values);
	}
	return { flags: flagsOf(known, values), rest, help };
}

/** @param {string} command @param {readonly Flag[]} known @param {string} arg @returns {Flag} */
function flagNamed(command, known, arg) {
	if (!arg.startsWith("--")) {
		throw misused("unknown flag", `flags have long names: ${command} --help shows them`);
	}
	const name = arg.slice(2).split("=")[0];
	const flag = known.find((f) => f.name === name);
	if (!flag) {
		throw misused(`${command} has no flag --${shown(name)}`, nearestHint(name, [...known.map((f) => f.name), "help"], "--"));
	}
	return flag;
}

/**
 * Gives each flag that is not among the arguments its value from the environment: --id-bytes is KEYWRIGHT_ID_BYTES.
 * @param {readonly Flag[]} known @param {Map<string, string>} values
 */
function readVariables(known, values) {
	for (const flag of known) {
		const variable = `KEYWRIGHT_${flag.name.toUpperCase().replaceAll("-", "_")}`;
		const value = process.env[variable];
		if (!value || values.has(flag.name)) {
			continue;
		}
		if (looksLikeKey(value, "prefix")) {
			throw misused(`the variable ${variable} holds what looks like a key`, KEY_INPUT_HINT);
		}
		values.set(flag.name, checked(flag, value, `the variable ${variable}`, `--${flag.name}: ${flag.usage}`));
	}
}

/** @param {Flag} flag @param {string} value @param {string} where @param {string} hint */
function checked(flag, value, where, hint) {
	if (flag.words && !flag.words.includes(value)) {
		throw misused(`${where} is not one of ${flag.words.join(", ")}`, hint);
	}
	if (flag.number && (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(Number(value)))) {
		throw misused(`${where} is not a whole number`, hint);
	}
	if (flag.value === undefined && !["true", "false", "1", "0", "t", "f", "T", "F", "True", "False", "TRUE", "FALSE"].includes(value)) {
		throw misused(`${where} is not true or false`, hint);
	}
	return value;
}

/** @param {readonly Flag[]} known @param {Map<string, string>} values @returns {Flags} */
function flagsOf(known, values) {
	/** @param {string} name */
	const text = (name) => values.get(name) ?? known.find((f) => f.name === name)?.initial ?? "";
	return {
		given: new Set(values.keys()), text, number: (name) => Number(text(name)), on: (name) => /^(1|t)/i.test(text(name)),
	};
}

/** A name that was typed, if it cannot be a secret. @param {string} name */
export function shown(name) {
	return Buffer.byteLength(name) > 32 || looksLikeKey(name, "guess") ? "…" : name;
}

/**
 * Names what was probably meant.
 * @param {string} name @param {string[]} known @param {string} [dashes]
 */
export function nearestHint(name, known, dashes = "") {
	let [best, least] = ["", 4];
	for (const k of [...known].sort()) {
		const d = distance(name, k);
		if (d < least || (d === least && k.startsWith(name))) {
			[best, least] = [k, d];
		}
	}
	if (best === "" || least > Math.max(2, Math.floor(name.length / 3))) {
		return "the help shows what there is: add --help";
	}
	return `did you mean ${dashes}${best}?`;
}

/** Counts the edits between two words (Levenshtein). @param {string} a @param {string} b */
function distance(a, b) {
	const row = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 0; i < a.length; i++) {
		let diagonal = row[0];
		row[0] = i + 1;
		for (let j = 0; j < b.length; j++) {
			const cost = diagonal + (a[i] === b[j] ? 0 : 1);
			diagonal = row[j + 1];
			row[j + 1] = Math.min(cost, row[j] + 1, row[j + 1] + 1);
		}
	}
	return row[b.length];
}
