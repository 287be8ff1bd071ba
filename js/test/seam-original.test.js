// SPDX-License-Identifier: Apache-2.0

// The assertions of the suite against prefixed-api-key itself, and both over the same randomness.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { createRequire } from "node:module";
import { mock, test } from "node:test";

import * as seam from "../seam.js";
import { behaves } from "./seam-suite.js";

const original = createRequire(import.meta.url)("prefixed-api-key");

behaves("prefixed-api-key", original);

test("the same randomness gives the same keys", async (t) => {
	const given = [
		[
			"mycompany_13DUyZY2_12D2adLM3UKy4Z4giRbReR6g",
			"2fc7163b546838bc4e4061d869bebfc8a20b5cfaf7064c6b698546612a717891",
			(n) => Uint8Array.from({ length: n }, (_, i) => i),
		],
		[
			"mycompany_An6UebxC_6L5yRNPTuciSgXGHqYwn9N6N",
			"debe7a493b5a84f091adfd9cff428c9aa4578e2cc4a34bc88fb2892fd663f8c5",
			(n) => Uint8Array.from({ length: n }, (_, i) => i + 1),
		],
		[
			"mycompany_jpXCZedG_QLbz7JHiBTspS962RLKV8Gnd",
			"1dae2b52614bf49923b2c5f6442695348ff440bfca1847a9bea9c1b06d7a0f39",
			(n) => new Uint8Array(n).fill(255),
		],
		[
			"mycompany_11111111_111111111111111111111111",
			"c3e2cd1fb8e4da77d1d236f372ea83ca7af23b2607c6e03d9644575914def0a4",
			(n) => new Uint8Array(n),
		],
	];
	/** @type {(n: number) => Uint8Array} */
	let chosen;
	const ours = mock.method(globalThis.crypto, "getRandomValues", (bytes) => (bytes.set(chosen(bytes.length)), bytes));
	const theirs = mock.method(crypto, "randomBytes", (n, done) => done(null, Buffer.from(chosen(n))));
	t.after(() => mock.restoreAll());
	for (const [token, longTokenHash, random] of given) {
		chosen = random;
		for (const options of [
			{},
			{ shortTokenPrefix: "ab" },
			{ shortTokenPrefix: "abcdefghijkl" },
			{ shortTokenLength: 11, longTokenLength: 40 },
		]) {
			const made = await seam.generateAPIKey({ keyPrefix: "mycompany", ...options });
			assert.deepEqual({ ...made }, await original.generateAPIKey({ keyPrefix: "mycompany", ...options }));
		}
		const made = await seam.generateAPIKey({ keyPrefix: "mycompany" });
		assert.equal(made.token, token);
		assert.equal(made.longTokenHash, longTokenHash);
	}
	assert.ok(ours.mock.callCount() > 20 && theirs.mock.callCount() > 20);
});
