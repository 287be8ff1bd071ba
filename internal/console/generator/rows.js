// SPDX-License-Identifier: Apache-2.0

// What is written of keys: the texts of the ledger, and the files. Pure: a batch in, a text out.

import { row } from "./keywright/generate.js";

/** @typedef {import("./batch.js").MadeKey} MadeKey */

/** The columns of the ledger. secret: its cells hold keys. */
export const COLUMNS = [
	{ title: "API key", name: "key", secret: true, wide: true, cell: (/** @type {MadeKey} */ k) => k.key },
	{ title: "Public id", name: "public id", cell: (/** @type {MadeKey} */ k) => k.publicId || "-" },
	{ title: "Secret length", name: "secret length", cell: (/** @type {MadeKey} */ k) => String(k.secretLength) },
	{ title: "Secret entropy", name: "secret entropy", cell: (/** @type {MadeKey} */ k) => `${Math.floor(k.entropyBits)} bits` },
	{ title: "Check", name: "check", cell: (/** @type {MadeKey} */ k) => checkOf(k) || "off" },
	{ title: "SHA-256 storage hash", name: "storage hash", wide: true, cell: (/** @type {MadeKey} */ k) => k.storageHash },
];

/** parts are the public text before the secret of a key, and after it. @param {MadeKey} k */
export function parts(k) {
	const at = k.key.lastIndexOf(k.secret);
	return { before: k.key.slice(0, at), after: k.key.slice(at + k.secret.length) };
}

/** checkOf is the check segment of a key, without the separator that some have; empty where it has none. @param {MadeKey} k */
export const checkOf = (k) => parts(k).after.replace(/^[^0-9A-Za-z]/, "");

/** A spreadsheet takes a cell that begins so for a formula: it gets an apostrophe in front, which an import takes away again. */
const formula = /^[=+\-@\t\r']/;

/** @param {unknown} value @param {string} separator */
function cell(value, separator) {
	const text = String(value);
	const safe = formula.test(text) ? `'${text}` : text;
	return safe.includes(separator) || /["\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** table writes objects that are alike as CSV, or with tabs. @param {Record<string, unknown>[]} rows @param {string} [separator] */
export function table(rows, separator = ",") {
	const head = Object.keys(rows[0] ?? {});
	return [head, ...rows.map(Object.values)].map((line) => line.map((value) => cell(value, separator)).join(separator) + "\n").join("");
}

/** json is what `keywright generate --output json` prints. @param {MadeKey[]} keys */
export const json = (keys) => `${JSON.stringify(keys.map(row), null, 2)}\n`;

/** csv is what `keywright generate --output csv` prints. @param {MadeKey[]} keys */
export const csv = (keys) => table(keys.map(row));

/** env is ST_API_KEY=…, with numbers where there are several. @param {MadeKey[]} keys */
export function env(keys) {
	return keys.map((k, i) => {
		const name = /^[A-Za-z]/.test(k.prefix) ? `${k.prefix.toUpperCase()}_API_KEY` : "API_KEY";
		return `${name}${keys.length > 1 ? `_${i + 1}` : ""}=${k.key}\n`;
	}).join("");
}

/** stored is the half of a key that a server keeps: it holds no secret. @param {MadeKey} k */
const stored = (k) => ({ hash: k.storageHash, public_id: k.publicId, prefix: k.prefix, environment: k.environment });

/** The files that can be downloaded. hashes: they hold no key. */
export const FILES = /** @type {Record<string, {name: string, type: string, hashes?: boolean, write: (keys: MadeKey[]) => string}>} */ ({
	csv: { name: "keys.csv", type: "text/csv", write: csv },
	json: { name: "keys.json", type: "application/json", write: json },
	env: { name: "keys.env", type: "text/plain", write: env },
	"hashes.csv": { name: "hashes.csv", type: "text/csv", hashes: true, write: (keys) => table(keys.map(stored)) },
	"hashes.json": { name: "hashes.json", type: "application/json", hashes: true, write: (keys) => `${JSON.stringify(keys.map(stored), null, 2)}\n` },
});

/** ledgerText is rows of the ledger with tabs between, as a spreadsheet pastes them. @param {MadeKey[]} keys */
export function ledgerText(keys) {
	return table(keys.map((k) => Object.fromEntries(COLUMNS.map((c) => [c.title, c.cell(k).replace(/^-$/, "")]))), "\t");
}
