// SPDX-License-Identifier: Apache-2.0

import { FormatError, MalformedError } from "../errors.js";
import { inspect, ISSUERS } from "../inspect.js";
import { PRESETS } from "../preset.js";
import { misused, refused } from "./failure.js";
import { readKey } from "./keyinput.js";
import { bitsText, details, palette, print, rowWriter } from "./output.js";

/**
 * @typedef {import("../inspect.js").Candidate} Candidate
 * @typedef {import("./help.js").Command} Command
 */

/** @type {import("./flags.js").Flag} */
export const KEY_FILE = { name: "key-file", value: "FILE", usage: "read the key from FILE", initial: undefined };

/** @type {import("./flags.js").Flag} */
export const OUTPUT = { name: "output", value: "FORM", usage: "write FORM: text, json, jsonl or csv", words: ["text", "json", "jsonl", "csv"], initial: "text" };

/** @type {Command} */
export const inspectCommand = {
	use: "inspect [flags]",
	short: "Tell what kind of key this is",
	long: `Tell what kind of key this is: who issues it, whether it is whole, its strength and storage hash.

It knows the keys of GitHub, Stripe and others too, what they open and where to revoke them. The key is read on this
machine, sent nowhere and never shown. With --preset it asks about one kind, and says what is wrong where the key is
not of it. Whether a key is valid only its server knows.`,
	examples: `  npx keywright inspect                        (paste; no echo)
  npx keywright inspect --key-file key.txt
  printf %s "$ACME_API_KEY" | npx keywright inspect --preset seam
  npx keywright inspect --output json < key.txt`,
	flags: [
		{ name: "preset", value: "NAME", usage: "ask about the format or issuer NAME alone", words: [...PRESETS, ...ISSUERS] },
		KEY_FILE, OUTPUT,
	],
	async run(flags) {
		const { found, verdict } = inspectKey(await readKey(flags.text("key-file")), flags.text("preset"));
		await showCandidates(found, flags.text("output"));
		if (verdict) {
			throw verdict;
		}
	},
};

/**
 * Returns what a key can be, and the failure where that is nothing or is damaged.
 * @param {Uint8Array} key @param {string} preset
 * @returns {{found: Candidate[], verdict?: Error}}
 */
export function inspectKey(key, preset) {
	try {
		const found = inspect(key, preset === "" ? {} : { preset });
		if (found.length === 0) {
			return { found, verdict: refused("this is no kind of key that is known", "ask about one kind with --preset to hear what is wrong") };
		}
		return { found, verdict: found[0].damaged ? refused("the checksum is wrong: a character was mistyped, or the key was cut off", "copy the key again, whole") : undefined };
	} catch (error) {
		if (error instanceof FormatError) {
			throw misused(`--${error.field} ${error.problem}`, error.hint);
		}
		if (!(error instanceof MalformedError)) {
			throw error;
		}
		const problem = error.message.startsWith("key ") ? `this ${error.message}` : error.message;
		throw refused(problem, "without --preset it says what kind of key this can be");
	}
}

const COLUMNS = ["preset", "issuer", "prefix", "environment", "public_id", "checksum", "entropy_bits", "storage_hash", "secret_masked", "kind", "opens", "revoke"];

/** A candidate, as programs see it. @param {Candidate} c */
function rowOf(c) {
	return {
		preset: c.preset, issuer: c.issuer, prefix: c.prefix, environment: c.environment, public_id: c.publicId, checksum: c.checksum,
		entropy_bits: c.entropyBits, storage_hash: c.storageHash, secret_masked: c.secretMasked, kind: c.kind, opens: c.opens, revoke: c.revoke,
	};
}

/** @param {Candidate[]} found @param {string} form */
async function showCandidates(found, form) {
	if (form !== "text") {
		const rows = rowWriter(print, form, COLUMNS);
		for (const c of found) {
			await rows.add(rowOf(c));
		}
		await rows.end();
		return;
	}
	const { heading, dim } = palette(process.stdout);
	for (const [i, c] of found.entries()) {
		await print(`${i === 0 ? "" : "\nor "}${heading(c.preset)}  ${dim(certaintyText(c))}\n${details(detailsOf(c), dim)}`);
	}
}

/** @param {Candidate} c */
function certaintyText(c) {
	const why = {
		checksum: "its checksum says so", prefix: "its prefix says so", shape: "its shape says so", guess: "a guess: nothing contradicts it",
	}[c.certainty];
	if (c.issuer !== "") {
		return `${c.kind} of ${c.issuer}; ${why}`;
	}
	return c.kind === "" ? why : `${c.kind}; ${why}`;
}

/** @param {Candidate} c @returns {[string, string][]} */
function detailsOf(c) {
	/** @type {string} */
	let checksum = c.checksum;
	if (c.checksum === "none") {
		checksum = c.issuer === "" ? "none: this format has no checksum" : "none that is known";
	} else if (c.checksum === "wrong" && !c.damaged) {
		checksum = "does not fit, which proves nothing: its rule is not published";
	}
	const covers = { full: "the whole key", secret: "the secret alone", bytes: "the bytes of the secret" }[c.format.hash];
	return [
		["prefix", c.prefix], ["environment", c.environment], ["public id", c.publicId], ["key", c.secretMasked], ["checksum", checksum],
		["opens", c.opens], ["revoke at", c.revoke], ["entropy", `${bitsText(c.entropyBits)}, ${c.strength}`],
		["storage hash", c.storageHash], ["it covers", covers],
	];
}
