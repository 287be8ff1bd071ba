// SPDX-License-Identifier: Apache-2.0

// What is wrong may be a key that was put in the wrong place: no error, wherever it comes from, holds what was given.

import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";

import * as keywright from "../keywright.js";

const { generate, generateMany, hash, make, normalize, parse, preset, PRESETS, diagnose, match, parseHash } = keywright;

const CANARY = "CANARYdoNotRepeat7351";

/** Runs what should be refused, and returns how often it was. Whatever is thrown must not hold the canary. */
async function refusals(/** @type {(() => unknown)[]} */ attempts, /** @type {string[]} */ forbidden = [CANARY]) {
	let refused = 0;
	for (const attempt of attempts) {
		try {
			await attempt();
		} catch (error) {
			assert.ok(error instanceof Error, inspect(error));
			refused++;
			const told = [String(error), error.stack, inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join("\n");
			for (const text of forbidden) assert.ok(!told.includes(text), `the error repeats what was given: ${told}`);
		}
	}
	return refused;
}

test("the search would see a canary", async () => {
	await assert.rejects(refusals([() => { throw new Error(`no ${CANARY}`); }]), /repeats what was given/);
});

test("formats", async () => {
	const fields = ["name", "preset", "prefix", "environment", "separator", "id", "secret", "checksum", "hash", "lenient", "publishable", CANARY];
	const values = [
		`${CANARY}_-`, `_${CANARY.repeat(3)}`, { [CANARY]: CANARY }, [CANARY], { encoding: CANARY, bytes: 9 }, { encoding: "hex", chars: CANARY },
		{ encoding: "base62", chars: [CANARY] }, { encoding: [CANARY], bytes: 32 }, Symbol(CANARY), () => CANARY,
	];
	const attempts = [];
	for (const name of ["keywright", "unambiguous", "seam", "seam-v4", "opaque"]) { // one of each kind
		for (const field of fields) {
			for (const value of values) {
				const changed = /** @type {any} */ ({ ...preset(name), [field]: value });
				attempts.push(() => normalize(changed), () => parse(changed, CANARY), () => make(changed, 1), () => hash(changed, CANARY));
				attempts.push(() => preset(name, /** @type {any} */ ({ [field]: value })), () => generate({ format: changed }));
			}
		}
	}
	for (const value of [CANARY, [CANARY], { [CANARY]: 1 }, () => CANARY]) {
		attempts.push(() => preset(/** @type {any} */ (value)), () => normalize(/** @type {any} */ (value)));
	}
	assert.ok((await refusals(attempts)) > 1500, "most of these are refused");
});

test("options", async () => {
	const names = ["format", "preset", "prefix", "environment", "separator", "encoding", "bytes", "chars", "idBytes", "checksum", "shape", CANARY];
	const values = [`_${CANARY}-`, "é".repeat(40) + CANARY, { [CANARY]: CANARY }, [CANARY], "-_-"];
	const attempts = names.flatMap((name) => values.flatMap((value) => {
		const options = /** @type {any} */ ({ [name]: value });
		return [() => generate(options), () => generateMany(2, options), () => generate({ shape: "secret-only", ...options })];
	}));
	attempts.push(() => generate(/** @type {any} */ (CANARY)), () => generateMany(/** @type {any} */ (CANARY)));
	assert.ok((await refusals(attempts)) > 130);
});

/** What people do to keys. */
const damages = [
	(/** @type {string} */ key) => key.slice(0, -1),
	(/** @type {string} */ key) => key.slice(1),
	(/** @type {string} */ key) => `${key}0`,
	(/** @type {string} */ key) => ` ${key}`,
	(/** @type {string} */ key) => `${key}\n`,
	(/** @type {string} */ key) => `${key.slice(0, -9)}é${key.slice(-8)}`,
	(/** @type {string} */ key) => `${key.slice(0, -9)}!${key.slice(-8)}`,
	(/** @type {string} */ key) => `${key.slice(0, -9)}\0${key.slice(-8)}`,
	(/** @type {string} */ key) => key.replace(/[_]/g, "-"),
	(/** @type {string} */ key) => key.repeat(30),
	(/** @type {string} */ key) => `${key}\ud800`,
];

test("keys", async () => {
	for (const name of PRESETS.filter((one) => one !== "opaque")) {
		const format = preset(name);
		const { key, secret } = await generate({ preset: name });
		const attempts = [];
		for (const damage of damages) {
			const text = damage(key);
			attempts.push(() => parse(format, text), () => hash(format, text), () => parse(preset("opaque"), text));
			assert.ok(![secret.slice(0, 12), secret.slice(-12)].some((part) => diagnose(format, text).includes(part)), name);
			assert.equal(match(text, "00".repeat(32), format), false);
		}
		attempts.push(() => match(secret, secret), () => parseHash(key), () => parseHash(key, "base58"));
		attempts.push(() => parse(format, /** @type {any} */ ({ [key]: key })), () => parse(format, /** @type {any} */ ([key])));
		attempts.push(...[...PRESETS, ...keywright.ISSUERS, key].map((preset) => () => keywright.inspect(`${key}~`, { preset })));
		attempts.push(() => keywright.inspect(/** @type {any} */ ({ [key]: key })));
		assert.ok((await refusals(attempts, [key, secret.slice(0, 12), secret.slice(-12)])) > 20, name);
	}
});

test("a source of randomness that fails", async () => {
	for (const thrown of [new Error("no entropy today"), CANARY, { CANARY }, undefined]) {
		assert.equal(await refusals([() => make(preset("seam"), 1, () => { throw thrown; })], ["key_"]), 1);
	}
});

test("every function of the package was tried", () => {
	const tried = new Set([
		"generate", "generateMany", "make", "preset", "normalize", "parse", "hash", "match", "parseHash", "diagnose", "inspect",
	]);
	// These take numbers, formats that are normalized, or labels that are no secret; or they refuse nothing.
	const harmless = new Set([
		"entropy", "strength", "duplicateProbability", "probabilityText", "warnings", "row", "sha256", "hashText", "FormatError",
		"MalformedError",
	]);
	const attempts = /** @type {const} */ (["environment", "formatOf"]);
	for (const [name, value] of Object.entries(keywright)) {
		if (typeof value !== "function" || tried.has(name) || harmless.has(name)) continue;
		assert.ok(attempts.includes(/** @type {any} */ (name)), `${name}: try it with canaries`);
	}
	return refusals(attempts.flatMap((name) => [CANARY.repeat(9), { [CANARY]: 1 }, [CANARY]].map((value) => () => keywright[name](/** @type {any} */ (value)))));
});
