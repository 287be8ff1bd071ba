// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { generateApiKey, InvalidInputError } from "../aerostack.js";
import { bodyOf, contract } from "./contract.js";

test("a key, its prefix and its entropy", () => {
	const { key, prefix, entropy } = generateApiKey({ prefix: "sk_live", length: 32 });
	assert.match(key, /^sk_live_[2-9A-HJ-NP-Za-hjkmnp-z]{32}$/);
	assert.equal(prefix, "sk_live");
	assert.equal(key, `${prefix}_${entropy}`);
	assert.equal(generateApiKey({ prefix: "webhook" }).entropy.length, 32);
	assert.notEqual(generateApiKey({ prefix: "a" }).key, generateApiKey({ prefix: "a" }).key);
});

test("what the contract refuses is refused, in the same words", () => {
	let refused = 0;
	for (const c of contract.cases) {
		if (c.status !== 400) continue;
		let options;
		try {
			options = JSON.parse(String(bodyOf(c)));
		} catch {
			continue;
		}
		if (/JSON object|64 KiB/.test(c.message)) continue;
		assert.throws(
			() => generateApiKey(options),
			(error) => {
				assert.ok(error instanceof InvalidInputError && error instanceof TypeError);
				assert.equal(error.code, "INVALID_INPUT");
				assert.equal(error.message, c.message);
				return true;
			},
		);
		refused++;
	}
	assert.ok(refused > 25);
	assert.throws(() => generateApiKey(), { code: "INVALID_INPUT" });
	assert.throws(() => generateApiKey({ prefix: "sk", length: NaN }), { code: "INVALID_INPUT" });
});

test("every character is equally likely", () => {
	const counts = new Map();
	for (let i = 0; i < 2000; i++)
		for (const c of generateApiKey({ prefix: "a", length: 64 }).entropy) counts.set(c, (counts.get(c) ?? 0) + 1);
	assert.equal(counts.size, 55);
	const expected = (2000 * 64) / 55;
	let chi = 0;
	for (const n of counts.values()) chi += (n - expected) ** 2 / expected;
	assert.ok(chi < 120, `chi-squared is ${chi}`); // 54 degrees of freedom: once in a million runs by chance
});
