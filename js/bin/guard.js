// SPDX-License-Identifier: Apache-2.0

// A key is never an argument: the shell's history keeps arguments, and every user of the machine can see them.

import { inspect } from "../inspect.js";
import { parseHash } from "../hash.js";
import { misused } from "./failure.js";

export const KEY_INPUT_HINT = "give it on standard input, at the prompt, or with --key-file";

const CERTAINTIES = ["checksum", "prefix", "shape", "guess"];

/** Flags whose values are the user's own paths: there only what is a key beyond doubt is taken for one. */
const FREE_TEXT = ["--to", "--hashes-to", "--key-file"];

/**
 * Refuses arguments that look like a key or hold a password. What was found is not repeated.
 * @param {string[]} args
 */
export function guard(args) {
	let before = "";
	for (const arg of args) {
		let [flag, value] = [before, arg];
		const equals = arg.indexOf("=");
		if (arg.startsWith("-") && equals >= 0) {
			[flag, value] = [arg.slice(0, equals), arg.slice(equals + 1)];
		}
		if (args[0] === "match" && isHash(value)) {
			continue;
		}
		if (looksLikeKey(value.replace(/^-+/, ""), FREE_TEXT.includes(flag) ? "prefix" : "guess")) {
			throw misused("an argument looks like a key, and a key is never an argument: the shell's history keeps it, and others on this machine can see it",
				`${KEY_INPUT_HINT}; rotate this one if it is in use, and clear the shell's history`);
		}
		if (holdsPassword(value)) {
			throw misused("an argument holds a password in a URL: the shell's history keeps it, and others on this machine can see it",
				"leave it out, change this password, and clear the shell's history");
		}
		before = arg;
	}
}

/** @param {string} text */
function isHash(text) {
	try {
		parseHash(text);
		return true;
	} catch {
		return false;
	}
}

/**
 * Whether a text is a key, by evidence of that kind or a better one.
 * @param {string} text @param {"prefix" | "guess"} evidence
 */
export function looksLikeKey(text, evidence) {
	if (isKeyId(text)) {
		return false;
	}
	const enough = CERTAINTIES.indexOf(evidence);
	return inspect(text).some((c) => CERTAINTIES.indexOf(c.certainty) <= enough && c.entropyBits >= 80) && dense(text);
}

/**
 * Whether a text is the id of a key's record, or of a webhook, which is written alike: no secret.
 * @param {string} text
 */
function isKeyId(text) {
	const digits = /^(?:key|wh)_([0-9A-Za-z]{22})$/.exec(text)?.[1];
	if (digits === undefined) {
		return false;
	}
	const most = "7n42DGM5Tflk9n8mt7Fhc7"; // 2^128-1
	return digits <= most && !/^0+$/.test(digits); // the digits of base62 are in the order of ASCII
}

/** Whether a text holds a long run that is no word: names are made of short ones, joined by dashes. @param {string} text */
function dense(text) {
	return text.split(/[_\-.:~ ]/).some((run) => {
		const kinds = [/[0-9]/, /[a-z]/, /[A-Z]/].filter((kind) => kind.test(run));
		return Buffer.byteLength(run) >= 16 && kinds.length >= 2;
	});
}

/** @param {string} text */
function holdsPassword(text) {
	const [, scheme = "", rest = ""] = /^([^]*?):\/\/([^]*)$/.exec(text) ?? [];
	if (rest === "" || /[/ ]/.test(scheme)) {
		return false;
	}
	const host = rest.split("/")[0];
	return host.includes("@") && host.split("@")[0].includes(":");
}
