// SPDX-License-Identifier: Apache-2.0

// The JavaScript half of `go run ./proof languages`: it reads what to do from standard input, a JSON object a line, and
// writes what it thinks to standard output, so that the other half can compare.

import {
	entropy, FormatError, inspect, ISSUERS, make, MalformedError, normalize, PRESETS, row, strength, warnings,
} from "../keywright.js";
import { hashParsed } from "../hash.js";
import { ISSUERS as TABLE } from "../issuers.js";
import { diagnoseNormalized, parseNormalized } from "../parse.js";
import { textOf } from "../text.js";
import { sampleOf } from "./issued.js";

/**
 * @typedef {import("../keywright.js").Format} Format
 * @typedef {{formats?: object[], format: number, key?: string, as: string, make?: number, issued?: number, seed: number}} Request
 */

Error.stackTraceLimit = 0; // most of the errors here are expected, and where they were thrown tells nothing

/** @type {Format[]} those of the batch */
let formats = [];

/** A source of numbers that Go has too (mulberry32). @param {number} seed */
function numbers(seed) {
	let a = seed | 0;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), a | 1);
		t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
		return (t ^ (t >>> 14)) >>> 0;
	};
}

/** Randomness that is none: the first byte of each number. @param {number} seed */
function stream(seed) {
	const next = numbers(seed);
	return (/** @type {Uint8Array} */ block) => {
		for (let i = 0; i < block.length; i++) {
			block[i] = next();
		}
	};
}

/** @param {number} bits */
const rounded = (bits) => Math.floor(bits * 100) / 100;

/** @param {object} raw */
function normalized(raw) {
	try {
		const format = normalize(raw);
		const bits = entropy(format);
		return { format: written(format), problem: null, bits: rounded(bits), strength: strength(bits), warnings: warnings(format) };
	} catch (error) {
		if (!(error instanceof FormatError)) {
			throw error;
		}
		return { format: null, problem: [error.field, error.problem, error.hint], bits: 0, strength: "", warnings: [] };
	}
}

/** A format with its fields in the order of Go. @param {Format} f */
function written(f) {
	return {
		name: f.name, preset: f.preset, prefix: f.prefix, environment: f.environment, separator: f.separator, id: part(f.id),
		secret: part(f.secret), checksum: f.checksum, hash: f.hash, lenient: f.lenient, publishable: f.publishable,
	};
}

/** @param {import("../keywright.js").Part | undefined} p */
function part(p) {
	return p && { encoding: p.encoding, bytes: p.bytes, chars: p.chars };
}

/** @param {import("../keywright.js").Candidate} c */
function candidate(c) {
	return [
		c.preset, c.issuer, c.kind, c.opens, c.revoke, c.certainty, c.prefix, c.environment, c.publicId, c.checksum,
		c.entropyBits, c.strength, c.storageHash, c.secretMasked, c.damaged, written(c.format),
	];
}

/**
 * All that is thought of a text.
 * @param {Format} format @param {string} key @param {string} as
 */
function judge(format, key, as) {
	/** @type {string[] | string} */
	let parsed;
	try {
		const k = parseNormalized(format, key);
		parsed = [textOf(k.key), k.prefix, k.environment, k.publicId, textOf(k.secret), k.checksum, hashParsed(format, k)];
	} catch (error) {
		parsed = malformed(error);
	}
	const sound = typeof parsed !== "string" && parsed[5] !== "wrong";
	/** @type {any} */
	let asked;
	try {
		asked = inspect(key, { preset: as }).map(candidate)[0];
	} catch (error) {
		asked = malformed(error);
	}
	return [parsed, sound ? "" : diagnoseNormalized(format, key), inspect(key).map(candidate), as, asked];
}

/** @param {unknown} error */
function malformed(error) {
	if (error instanceof MalformedError) {
		return error.message;
	}
	throw error;
}

/** A key with something wrong, most of the time. @param {string} key @param {(n: number) => number} choose */
function damage(key, choose) {
	const i = choose(key.length);
	const other = "0123456789abcXYZilOIL-_=.:~+/ é€"[choose(32)];
	switch (choose(6)) {
		case 0: return key.slice(0, i);
		case 1: return key.slice(i);
		case 2: return key === key.toLowerCase() ? key.toUpperCase() : key.toLowerCase();
		case 3: return key.slice(0, i) + (key[i] === key[i].toLowerCase() ? key[i].toUpperCase() : key[i].toLowerCase()) + key.slice(i + 1);
		case 4: return key.slice(0, i) + other + key.slice(i);
	}
	return key.slice(0, i) + other + key.slice(i + 1);
}

/** @param {number} seed */
function chooser(seed) {
	const next = numbers(seed ^ 0x5bd1e995);
	return (/** @type {number} */ n) => next() % n;
}

const NAMES = [...PRESETS, ...ISSUERS];

/** @param {Request} request @returns {unknown[]} */
function answers(request) {
	if (request.formats) {
		const all = request.formats.map(normalized);
		formats = all.map(({ format }) => (format ? /** @type {Format} */ (JSON.parse(JSON.stringify(format))) : { secret: { encoding: "opaque" }, checksum: "none", hash: "full" }));
		return all;
	}
	const format = formats[request.format];
	if (request.key !== undefined) {
		return [judge(format, request.key, request.as)];
	}
	const choose = chooser(request.seed);
	const as = () => (choose(2) === 0 && format.preset ? format.preset : NAMES[choose(NAMES.length)]);
	if (request.make) {
		return make(format, request.make, stream(request.seed)).map((made) => {
			const damaged = damage(made.key, choose);
			return { row: row(made), damaged, judged: judge(format, made.key, as()), judgedDamaged: judge(format, damaged, as()) };
		});
	}
	return Array.from({ length: request.issued ?? 0 }, () => {
		const issuer = TABLE[choose(TABLE.length)];
		const key = sampleOf(issuer.kinds[choose(issuer.kinds.length)], choose);
		const damaged = damage(key, choose);
		return { key, damaged, judged: judge(format, key, issuer.name), judgedDamaged: judge(format, damaged, issuer.name) };
	});
}

let rest = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
	const lines = (rest + text).split("\n");
	rest = lines.pop() ?? "";
	const out = lines.flatMap((line) => answers(JSON.parse(line))).map((answer) => `${JSON.stringify(answer)}\n`).join("");
	if (!process.stdout.write(out)) {
		process.stdin.pause();
	}
});
process.stdout.on("drain", () => process.stdin.resume());
