// SPDX-License-Identifier: Apache-2.0

import { extname } from "node:path";
import { duplicateProbability, entropy, probabilityText, warnings } from "../entropy.js";
import { make, row } from "../generate.js";
import { misused, unknowable } from "./failure.js";
import { FORMAT_FLAGS, formatFrom } from "./format.js";
import { OUTPUT } from "./inspect.js";
import { bitsText, grouped, palette, print, rowWriter, say, tableLine } from "./output.js";
import { SecretFile } from "./secretfile.js";

/**
 * @typedef {import("./flags.js").Flags} Flags
 * @typedef {import("../generate.js").MadeKey} MadeKey
 *
 * A place where keys, or something of them, are written.
 * @typedef {{write: (keys: MadeKey[]) => Promise<void>, end: () => Promise<void>, discard: () => void}} Sink
 */

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
	/** @type {Sink[]} */
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

/** Opens every place where the keys of a run go. @param {Flags} flags @param {Sink[]} sinks */
function openSinks(flags, sinks) {
	const [to, hashesTo] = [flags.text("to"), flags.text("hashes-to")];
	if (to !== "") {
		sinks.push(keyFile(to, flags));
	} else {
		sinks.push({ ...shown(flags), discard() {} });
	}
	if (hashesTo !== "") {
		sinks.push(hashFile(hashesTo, flags));
	}
}

/** How keys are shown on standard output. @param {Flags} flags @returns {Omit<Sink, "discard">} */
function shown(flags) {
	if (flags.on("table")) {
		return ledger();
	}
	if (flags.text("output") === "text") {
		return { write: (keys) => print(keys.map(({ key }) => `${key}\n`).join("")), async end() {} };
	}
	return rowsTo(print, flags.text("output"), KEY_COLUMNS, row);
}

const KEY_COLUMNS = ["key", "preset", "prefix", "environment", "public_id", "secret_length", "entropy_bits", "checksum", "storage_hash"];
const HASH_COLUMNS = ["hash", "public_id", "prefix", "environment"];

/**
 * @param {(text: string) => void | Promise<void>} to @param {string} form @param {string[]} columns
 * @param {(key: MadeKey) => Record<string, string | number>} rowOf
 */
function rowsTo(to, form, columns, rowOf) {
	let text = "";
	const rows = rowWriter((more) => { text += more; }, form, columns);
	const flush = async () => {
		const whole = text;
		text = "";
		await to(whole);
	};
	return {
		/** @param {MadeKey[]} keys */
		async write(keys) {
			keys.forEach((key) => rows.add(rowOf(key)));
			await flush();
		},
		async end() {
			rows.end();
			await flush();
		},
	};
}

/** Writes keys to a file whose ending says how. @param {string} path @param {Flags} flags */
function keyFile(path, flags) {
	const form = formOf(path);
	if (form === "") {
		throw misused("--to has an ending that says no form", "end the name with .env, .json, .jsonl or .csv");
	}
	const file = new SecretFile(path, flags.on("force"));
	const write = (/** @type {string} */ text) => file.write(text);
	return finishing(file, form === "env" ? envLines(write, flags.number("count")) : rowsTo(write, form, KEY_COLUMNS, row));
}

/** @param {string} path @param {Flags} flags */
function hashFile(path, flags) {
	const form = formOf(path);
	if (form === "" || form === "env") {
		throw misused("--hashes-to has an ending that says no form", "end the name with .json, .jsonl or .csv");
	}
	const file = new SecretFile(path, flags.on("force"));
	return finishing(file, rowsTo((text) => file.write(text), form, HASH_COLUMNS, (key) => ({
		hash: key.storageHash, public_id: key.publicId, prefix: key.prefix, environment: key.environment,
	})));
}

/**
 * Gives the file its name once all is written.
 * @param {SecretFile} file @param {Omit<Sink, "discard">} to
 * @returns {Sink}
 */
function finishing(file, to) {
	return {
		write: to.write,
		async end() {
			await to.end();
			file.done();
		},
		discard: () => file.discard(),
	};
}

/** Tells by its ending how a file is written; .env may be the whole name. @param {string} path */
function formOf(path) {
	const form = (extname(path) || /[^/\\]*$/.exec(path)?.[0] || "").slice(1);
	return ["env", "json", "jsonl", "csv"].includes(form) && path.endsWith(`.${form}`) ? form : "";
}

/**
 * Writes ACME_API_KEY=…, with numbers where there are several.
 * @param {(text: string) => void} write @param {number} count
 */
function envLines(write, count) {
	let n = 0;
	return {
		/** @param {MadeKey[]} keys */
		async write(keys) {
			write(keys.map(({ prefix, key }) => {
				const name = /^[^0-9]/.test(prefix) ? `${prefix.toUpperCase()}_API_KEY` : "API_KEY";
				n++;
				return `${name}${count > 1 ? `_${n}` : ""}=${key}\n`;
			}).join(""));
		},
		async end() {},
	};
}

/**
 * Shows keys for people: as a table where the terminal is wide enough for whole keys and hashes, and else each key with
 * what belongs to it below. All keys of a run are alike in length, so the first tells.
 */
function ledger() {
	const { dim } = palette(process.stdout);
	const titles = ["KEY", "PUBLIC ID", "SECRET", "ENTROPY", "CHECKSUM", "STORAGE HASH"];
	/** @type {number[]} */
	let widths = [];
	let below = false;
	/** @param {MadeKey} key */
	const lines = (key) => {
		const r = row(key);
		const cells = [r.key, r.public_id || "-", String(r.secret_length), bitsText(r.entropy_bits), r.checksum, r.storage_hash];
		let head = "";
		if (widths.length === 0) {
			widths = titles.map((title, i) => Math.max(title.length, cells[i].length));
			const width = widths.reduce((a, b) => a + b + 2, -2);
			below = process.stdout.isTTY && width > (Number(process.env.COLUMNS) || process.stdout.columns || 80);
			head = below ? "" : `${dim(tableLine(titles, widths))}\n`;
		}
		if (!below) {
			return `${head}${tableLine(cells, widths)}\n`;
		}
		return `${r.key}\n  public id ${cells[1]} · secret ${cells[2]} characters, ${cells[3]} · checksum ${r.checksum}\n  ${dim(r.storage_hash)}\n`;
	};
	return { write: (/** @type {MadeKey[]} */ keys) => print(keys.map(lines).join("")), async end() {} };
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
