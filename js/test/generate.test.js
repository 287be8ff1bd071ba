// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import test from "node:test";

import {
	ENCODINGS, formatOf, generate, generateMany, hash, make, match, parse, preset, PRESETS, row, warnings,
} from "../keywright.js";
import { ALPHABETS } from "../encoding.js";

const made = PRESETS.filter((name) => name !== "opaque");

test("a key of every preset is read again with the same segments and hash", async () => {
	for (const name of made) {
		const { key, prefix, environment, publicId, secret, checksum, ...rest } = await generate({ preset: name });
		const format = preset(name);
		assert.deepEqual(parse(format, key), { key, prefix, environment, publicId, secret, checksum }, name);
		assert.equal(hash(format, key), rest.hash, name);
		assert.ok(match(key, rest.hash), `${name}: without its format`);
		assert.ok(match(key, rest.hash, format), name);
		assert.equal(rest.storageHash, rest.hash, name);
		assert.equal(rest.secretLength, secret.length, name);
		assert.equal(rest.preset, name);
		assert.deepEqual(rest.warnings, [], name);
	}
});

test("opaque keys are not made", async () => {
	await assert.rejects(generate({ preset: "opaque" }), { name: "FormatError", field: "preset" });
	assert.throws(() => make(preset("opaque"), 1), { name: "FormatError" });
});

test("a batch has as many keys as were asked for, all different", async () => {
	for (const count of [1, 2, 257, 25000]) {
		const keys = await generateMany(count, { prefix: "acme" });
		assert.equal(keys.length, count);
		assert.equal(new Set(keys.map((k) => k.key)).size, count);
		assert.equal(new Set(keys.map((k) => k.publicId)).size, count);
	}
	for (const count of [0, -1, 1.5, NaN, Infinity, /** @type {any} */ ("3"), undefined]) {
		await assert.rejects(generateMany(count), { name: "FormatError", field: "count" }, String(count));
		assert.throws(() => make(preset("seam"), count), { name: "FormatError", field: "count" }, String(count));
	}
});

/** Yields bytes over and over, and counts the ones that were taken, by looking at which were wiped. */
function repeating(bytes) {
	let block = new Uint8Array();
	let at = 0;
	const random = (filled) => {
		block = filled;
		for (let i = 0; i < filled.length; i++) filled[i] = bytes[at++ % bytes.length];
	};
	return { random, used: () => at - block.length + block.findIndex((byte) => byte !== 0) };
}

test("bytes beyond the last whole multiple of the alphabet are thrown away", () => {
	for (const [encoding, first] of /** @type {const} */ ([["base55", 220], ["base58", 232], ["base62", 248]])) {
		const useless = Array.from({ length: 256 - first }, (_, i) => first + i);
		const alphabet = ALPHABETS[encoding];
		const source = repeating([...useless, 1, first - 1]);
		const [key] = make({ prefix: "a", secret: { encoding, chars: 64 } }, 1, source.random);
		assert.equal(key.secret, `${alphabet[1]}${alphabet.at(-1)}`.repeat(32), `${encoding}: useless bytes were folded`);
		assert.equal(source.used(), 32 * (useless.length + 2), `${encoding}: bytes that were used`);
	}
});

/** How far counts of characters are from equal. */
function chiSquare(text, alphabet) {
	const counts = new Map([...alphabet].map((c) => [c, 0]));
	for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
	assert.equal(counts.size, alphabet.length, "characters of another alphabet");
	const want = text.length / alphabet.length;
	return [...counts.values()].reduce((sum, n) => sum + (n - want) ** 2 / want, 0);
}

test("sampled characters are uniform, and folded ones would be seen not to be", () => {
	for (const encoding of /** @type {const} */ (["base62", "base58", "base55"])) {
		const alphabet = ALPHABETS[encoding];
		const text = make({ prefix: "a", secret: { encoding, chars: 128 } }, 2000).map((k) => k.secret).join("");
		// With 54 to 61 degrees of freedom, a fair sample goes beyond 150 less than once in ten million.
		assert.ok(chiSquare(text, alphabet) < 150, `${encoding}: χ² is ${chiSquare(text, alphabet)}`);
		const bytes = Array.from({ length: 4 }, () => [...crypto.getRandomValues(new Uint8Array(64000))]).flat();
		const folded = bytes.map((byte) => alphabet[byte % alphabet.length]).join("");
		assert.ok(chiSquare(folded, alphabet) > 150, `${encoding}: χ² of folded bytes is ${chiSquare(folded, alphabet)}`);
	}
});

test("no key without randomness", () => {
	for (const name of ["keywright", "public-id", "webhook-secret", "seam", "seam-v4"]) {
		for (const readable of [0, 1, 3]) {
			let reads = 0;
			/** @type {Uint8Array[]} */
			const blocks = [];
			const failing = (/** @type {Uint8Array} */ bytes) => {
				blocks.push(bytes);
				if (reads++ === readable) throw new Error("no entropy today");
				crypto.getRandomValues(bytes);
			};
			assert.throws(() => make(preset(name), 10000, failing), /no randomness, so no key was made: no entropy today/);
			assert.equal(reads, readable + 1, name);
			assert.ok(blocks.every((block) => block.every((byte) => byte === 0)), `${name}: random bytes are left after the failure`);
		}
	}
	const late = async () => {};
	assert.throws(() => make(preset("seam"), 1, /** @type {any} */ (late)), /must fill the bytes before it returns/);
});

test("without Web Crypto there is a clear error and no key", async () => {
	const descriptor = Object.getOwnPropertyDescriptor(globalThis, "crypto");
	try {
		for (const value of [undefined, {}]) {
			Object.defineProperty(globalThis, "crypto", { value, configurable: true });
			await assert.rejects(generate(), /no randomness, so no key was made: this JavaScript engine has no Web Crypto/);
			await assert.rejects(generateMany(3), /no Web Crypto/);
			assert.throws(() => make(preset("seam"), 1), /no Web Crypto/);
		}
	} finally {
		Object.defineProperty(globalThis, "crypto", /** @type {PropertyDescriptor} */ (descriptor));
	}
	assert.match((await generate()).key, /^key_live_/);
});

test("randomness is asked for in blocks that Web Crypto allows, and each byte is used once", () => {
	const sizes = [];
	let block = new Uint8Array();
	make(preset("keywright"), 5000, (bytes) => {
		assert.ok(bytes.every((byte) => byte === 0), "what was used is wiped");
		sizes.push(bytes.length);
		block = bytes;
		crypto.getRandomValues(bytes);
	});
	assert.ok(sizes.length > 1 && sizes.length < 20, `${sizes.length} blocks`);
	assert.ok(sizes.every((size) => size <= 65536), String(sizes));
	assert.ok(block.some((byte) => byte === 0));
});

test("options are what the flags of the command line mean", async () => {
	const shapes = [
		[{}, /^key_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/],
		[{ prefix: "acme" }, /^acme_live_/],
		[{ prefix: "acme", environment: "development" }, /^acme_dev_/],
		[{ preset: "secret-key", environment: "test" }, /^sk_test_[0-9A-Za-z]{32}$/],
		[{ preset: "public-id", prefix: "st", environment: "none", encoding: "crockford" }, /^st_[0-9A-Z]{8}_[0-9A-Z]{52}_[0-9A-Z]{4}$/],
		[{ shape: "secret-only", encoding: "hex", bytes: 16 }, /^[0-9a-f]{32}$/],
		[{ shape: "secret-only", environment: "none" }, /^[0-9A-Za-z]{43}$/],
		[{ shape: "prefix", checksum: false }, /^key_live_[0-9A-Za-z]{43}$/],
		[{ preset: "secret-key", shape: "public-id", separator: "-" }, /^sk-live-[0-9A-Za-z]{12}-[0-9A-Za-z]{32}$/],
		[{ preset: "seam", chars: 40 }, /^key_[1-9A-HJ-NP-Za-km-z]{8}_[1-9A-HJ-NP-Za-km-z]{40}$/],
		[{ preset: "public-id", idBytes: 10 }, /^st_live_[0-9A-Z]{16}_[\w-]{43}_[0-9A-Z]{4}$/],
		[{ idBytes: 0 }, /^key_live_[0-9A-Za-z]{49}$/],
		[{ format: preset("service-token") }, /^svc_[0-9A-Za-z]{48}$/],
		[{ prefix: "acme", checksum: "none", encoding: undefined }, /^acme_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/],
	];
	for (const [options, shape] of shapes) assert.match((await generate(options)).key, shape, JSON.stringify(options));
	for (const encoding of ENCODINGS) {
		const { secret, entropyBits } = await generate({ encoding, shape: "prefix", bytes: 32, checksum: false });
		assert.ok(entropyBits >= 256 && secret.length >= 43, encoding);
	}
});

test("options that cannot be are refused by name", () => {
	const refused = [
		[{ preset: "nonsense" }, "preset", "is not known"],
		[{ shape: "round" }, "shape", "is not known"],
		[{ bytes: 16, chars: 22 }, "bytes", "stands beside chars"],
		[{ bytes: 0 }, "bytes", "is not a size"],
		[{ chars: -3 }, "chars", "is not a size"],
		[{ chars: "43" }, "chars", "is not a size"],
		[{ chars: 8 }, "secret", "has 48 bits of entropy, less than 128"],
		[{ encoding: "rot13" }, "secret", "has no known encoding"],
		[{ preset: "secret-key", idBytes: 8 }, "idBytes", "is not possible with this format"],
		[{ shape: "prefix", idBytes: 8 }, "idBytes", "is not possible with this shape"],
		[{ shape: "secret-only", prefix: "acme" }, "prefix", "is not possible with the shape secret-only"],
		[{ environment: "" }, "environment", "has no letter or digit left"],
		[{ environment: 7 }, "environment", "is not text"],
		[{ prefix: "a-b" }, "prefix", "is not made of letters and digits"],
		[{ separator: "#" }, "separator", "is not one of those that keys can have"],
		[{ checksum: "md5" }, "checksum", "is not known"],
		[{ length: 43 }, "options", "hold a name that is not known"],
		[{ format: preset("seam"), prefix: "acme" }, "format", "stands beside other options"],
		["acme", "options", "are not an object"],
	];
	for (const [options, field, problem] of refused) {
		assert.throws(() => formatOf(/** @type {any} */ (options)), { name: "FormatError", field, problem }, JSON.stringify(options));
	}
});

test("a row is what the command line prints as JSON", async () => {
	const key = await generate({ preset: "seam" });
	assert.deepEqual(row(key), {
		key: key.key, preset: "seam", prefix: "key", environment: "", public_id: key.publicId, secret_length: 24,
		entropy_bits: 140.59, checksum: "none", storage_hash: key.hash,
	});
});

test("a short secret warns", async () => {
	const want = ["92.5 bits of entropy are less than 128: 23 characters would do"];
	assert.deepEqual((await generate({ preset: "unambiguous", chars: 16 })).warnings, want);
	assert.deepEqual(warnings(preset("unambiguous", { secret: { encoding: "base55", chars: 16 } })), want);
});
