// SPDX-License-Identifier: Apache-2.0

// The places where new keys go: standard output, and files that only their owner can read.

import { extname } from "node:path";
import { row } from "../generate.js";
import { misused } from "./failure.js";
import { ledger } from "./ledger.js";
import { print, rowWriter } from "./output.js";
import { SecretFile } from "./secretfile.js";

/**
 * @typedef {import("./flags.js").Flags} Flags
 * @typedef {import("../generate.js").MadeKey} MadeKey
 *
 * A place where keys, or something of them, are written.
 * @typedef {{write: (keys: MadeKey[]) => Promise<void>, end: () => Promise<void>, discard: () => void}} Sink
 */

/** Opens every place where the keys of a run go. @param {Flags} flags @param {Sink[]} sinks */
export function openSinks(flags, sinks) {
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
