// SPDX-License-Identifier: Apache-2.0

// Answers a test in Go: for each line, a format and what to do with it, one line with what JavaScript makes of it.

import { createInterface } from "node:readline";

import { diagnose, entropy, hash, make, normalize, parse, row, strength, warnings } from "../keywright.js";
import { yielding } from "./vectors.js";

/** What a function returns, or the error that it throws, by its fields. */
function told(/** @type {() => unknown} */ run) {
	try {
		return { value: run() };
	} catch (error) {
		const { field, segment, problem, hint } = /** @type {any} */ (error);
		if (problem === undefined) throw error;
		return { error: { field, segment, problem, hint } };
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const { format, random, keys } = JSON.parse(line);
	const normalized = told(() => normalize(format));
	const answer = { normalized };
	if (normalized.value) {
		const bits = entropy(normalized.value);
		Object.assign(answer, {
			entropy: bits.toFixed(6), strength: strength(bits), warnings: warnings(normalized.value),
			made: random ? row(make(format, 1, yielding(Buffer.from(random, "hex")))[0]) : null,
			keys: keys.map((/** @type {string} */ base64) => {
				const key = new Uint8Array(Buffer.from(base64, "base64"));
				return { parsed: told(() => parse(format, key)), hash: told(() => hash(format, key)).value, why: diagnose(format, key) };
			}),
		});
	}
	console.log(JSON.stringify(answer));
}
