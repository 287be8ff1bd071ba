// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../testdata/vectors/", import.meta.url);

/**
 * Reads all files of vectors, and fails where there are none.
 *
 * @returns {{ name: string, kind: string, cases: any[] }[]}
 */
export function readVectors() {
	const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
	assert.ok(names.length > 0, "no vectors in testdata/vectors");
	return names.map((name) => {
		const { reason, kind, cases, ...rest } = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
		assert.deepEqual(Object.keys(rest), [], `${name}: unknown fields`);
		assert.ok(reason && cases.length > 0, `${name}: no reason, or no cases`);
		return { name: name.replace(/\.json$/, ""), kind, cases };
	});
}

/**
 * A source of randomness that yields the bytes given, and then zero bytes for ever.
 *
 * @param {Uint8Array} bytes
 */
export function yielding(bytes) {
	let at = 0;
	return (/** @type {Uint8Array} */ block) => {
		block.fill(0);
		block.set(bytes.subarray(at, at + block.length));
		at += block.length;
	};
}
