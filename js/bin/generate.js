// SPDX-License-Identifier: Apache-2.0

import { duplicateProbability, entropy, probabilityText, warnings } from "../entropy.js";
import { make } from "../generate.js";
import { misused, unknowable } from "./failure.js";
import { FORMAT_FLAGS, formatFrom } from "./format.js";
import { OUTPUT } from "./inspect.js";
import { bitsText, grouped, palette, say } from "./output.js";
import { openSinks } from "./sinks.js";

/** @typedef {import("./flags.js").Flags} Flags */

const BLOCK = 1000; // so many keys are made and written at a time: a million need no memory

/** @type {import("./help.js").Command} */
export const generateCommand = {
	use: "generate [flags]",
	short: "Make keys without a server",
	long: `Make keys without a server.

The keys go to standard output, alone. Nothing is stored and nothing can show them again: keep each in a
vault, and give the server that checks it the storage hash alone.`,
	examples: `  npx keywright generate --prefix acme
  npx keywright generate --preset secret-key --env test
  npx keywright generate --prefix acme --count 50 --table
  npx keywright generate --prefix acme --count 50 --to keys.csv --hashes-to hashes.csv
  npx keywright generate --preset public-id --prefix st --env none --encoding crockford
  npx keywright generate --shape secret-only --encoding hex --bytes 16`,
	flags: [
		...FORMAT_FLAGS,
		{ name: "count", value: "N", usage: "make N keys", number: true, initial: "1" },
		{ name: "table", usage: "show the ledger: key, public id, secret length, entropy, checksum, storage hash" },
		{ name: "to", value: "FILE", usage: "write the keys to FILE of mode 0600: .env, .json, .jsonl or .csv" },
		{ name: "hashes-to", value: "FILE", usage: "write storage hashes and public ids, but no keys, to FILE: .json, .jsonl or .csv" },
		{ name: "force", usage: "replace files that exist" },
		OUTPUT,
	],
	async run(flags) {
		check(flags);
		const format = formatFrom(flags);
		for (const warning of warnings(format)) {
			say(`${palette(process.stderr).careful("warning:")} ${warning}`);
		}
		const first = await generateAll(flags, format);
		say(summary(flags, entropy(format), first));
	},
};

/** @param {Flags} flags */
function check(flags) {
	const [to, output] = [flags.text("to"), flags.text("output")];
	if (flags.number("count") < 1) {
		throw misused("--count is not a number of keys", "give 1 or more");
	}
	if (flags.on("table") && output !== "text") {
		throw misused(`--table stands beside --output ${output}`, "give one of them");
	}
	if (flags.on("table") && to !== "") {
		throw misused("--table stands beside --to", "the ledger shows the keys that --to keeps away: give one of them");
	}
	if (to !== "" && output !== "text") {
		throw misused("--to stands beside --output", "the ending of the file says its form: .env, .json, .jsonl or .csv");
	}
	if (to !== "" && to === flags.text("hashes-to")) {
		throw misused("--to and --hashes-to name the same file", "keep keys and hashes apart");
	}
}

/**
 * Makes the keys and writes each to every place it goes to. It returns the storage hash of the first.
 * @param {Flags} flags @param {import("../format.js").Format} format
 */
async function generateAll(flags, format) {
	/** @type {import("./sinks.js").Sink[]} */
	const sinks = [];
	let interrupted = false;
	const interrupt = () => { interrupted = true; };
	process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
	let first = "";
	try {
		openSinks(flags, sinks);
		const count = flags.number("count");
		for (let made = 0; made < count; made += BLOCK) {
			const keys = makeKeys(format, Math.min(BLOCK, count - made));
			first ||= keys[0].storageHash;
			for (const sink of sinks) {
				await sink.write(keys);
			}
			await new Promise((resolve) => setImmediate(resolve)); // for a signal to arrive
			if (interrupted) {
				throw unknowable("interrupted", "");
			}
		}
		for (const sink of sinks) {
			await sink.end();
		}
	} finally {
		sinks.forEach((sink) => sink.discard());
	}
	return first;
}

/** @param {import("../format.js").Format} format @param {number} count */
function makeKeys(format, count) {
	try {
		return make(format, count);
	} catch {
		throw unknowable("no key was made", "the system's source of randomness failed");
	}
}

/**
 * The line for people: how hard the keys are to guess, and where they went.
 * @param {Flags} flags @param {number} bits @param {string} firstHash
 */
function summary(flags, bits, firstHash) {
	const [count, to, hashesTo] = [flags.number("count"), flags.text("to"), flags.text("hashes-to")];
	const parts = count === 1 ? [bitsText(bits), `storage hash ${firstHash}`] : [
		`${grouped(count)} keys`, `${bitsText(bits)} each`, `P(duplicate in the batch) ${probabilityText(duplicateProbability(count, bits))}`,
	];
	parts.push(...(to === "" ? [] : [`written to ${to}`]), ...(hashesTo === "" ? [] : [`hashes in ${hashesTo}`]), ...(to === "" ? ["shown once"] : []));
	return parts.join(" · ");
}
