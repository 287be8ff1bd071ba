// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import test from "node:test";

import { bitsPerChar, chars } from "../encoding.js";
import { duplicateProbability, entropy, preset, PRESETS, probabilityText, strength } from "../keywright.js";

const near = (/** @type {number} */ got, /** @type {number} */ want, /** @type {number} */ by, /** @type {string} */ what) =>
	assert.ok(Math.abs(got - want) <= by, `${what}: ${got}, not ${want}`);

test("entropy of a character", () => {
	const want = { base55: 5.78136, base58: 5.858, base62: 5.9542, hex: 4, crockford: 5, base64url: 6 };
	for (const [encoding, bits] of Object.entries(want)) near(bitsPerChar(/** @type {any} */ (encoding)), bits, 0.00005, encoding);
});

test("entropy of the presets counts the secret alone", () => {
	const want = {
		keywright: 256.03, "public-id": 256, unambiguous: 185, "secret-key": 190.53, "publishable-key": 142.9, "restricted-key": 190.53,
		"webhook-secret": 256, "service-token": 285.8, "personal-token": 214.35, seam: 140.59, "seam-v4": 128, alphanumeric: 190.53,
		opaque: 0,
	};
	assert.deepEqual(Object.keys(want), PRESETS);
	for (const [name, bits] of Object.entries(want)) near(entropy(preset(name)), bits, 0.006, name);
	const long = preset("keywright", { prefix: "a".repeat(32), environment: "b".repeat(32), id: { encoding: "base62", chars: 32 } });
	assert.equal(entropy(long), entropy(preset("keywright")));
});

test("characters for bytes", () => {
	const want = {
		crockford: [20, 23, 26, 32, 39, 52], base55: [17, 20, 23, 28, 34, 45], base58: [17, 20, 22, 28, 33, 44],
		base62: [17, 19, 22, 27, 33, 43], base64url: [16, 19, 22, 27, 32, 43], hex: [24, 28, 32, 40, 48, 64],
	};
	for (const [encoding, lengths] of Object.entries(want)) {
		const got = [12, 14, 16, 20, 24, 32].map((n) => chars(/** @type {any} */ (encoding), n));
		assert.deepEqual(got, lengths, encoding);
	}
});

test("strength in a word", () => {
	for (const [bits, word] of /** @type {const} */ ([
		[0, "weak"], [63.99, "weak"], [64, "fair"], [111.9, "fair"], [112, "good"], [127.9, "good"], [128, "strong"], [255.9, "strong"],
		[256, "very strong"], [300, "very strong"],
	])) assert.equal(strength(bits), word, String(bits));
});

test("the chance of a duplicate", () => {
	assert.equal(duplicateProbability(0, 128), 0);
	assert.equal(duplicateProbability(1, 128), 0);
	assert.equal(duplicateProbability(2, 1), 0.5);
	assert.equal(duplicateProbability(1e6, 10), 1);
	near(duplicateProbability(100000, 128) / 1.4694e-29, 1, 0.001, "a hundred thousand of 128 bits");
	for (const [p, text] of /** @type {const} */ ([
		[0, "below 1e-30"], [9e-31, "below 1e-30"], [1e-30, "1e-30"], [1.4694e-29, "1.5e-29"], [0.000012, "1.2e-05"], [0.0001, "0.0001"],
		[0.5, "0.5"], [0.0123, "0.012"], [1, "1"],
	])) assert.equal(probabilityText(p), text);
});
