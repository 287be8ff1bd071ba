// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { normalize } from "../format.js";
import { hashText } from "../hash.js";
import { inspect, ISSUERS } from "../inspect.js";
import { ISSUERS as TABLE } from "../issuers.js";
import { make } from "../generate.js";
import { formatOf } from "../options.js";
import { PRESETS } from "../preset.js";
import { sampleOf } from "./issued.js";
import { readVectors } from "./vectors.js";

/** The cases of all vector files of a kind. */
function cases(kind) {
	const found = readVectors().filter((file) => file.kind === kind).flatMap((file) => file.cases.map((c, i) => ({ name: `${file.name} ${i}`, ...c })));
	assert.ok(found.length > 10, `${found.length} vectors of kind ${kind}`);
	return found;
}

/** What must be true of every candidate, whatever it was found in. */
function checkCandidate(text, c) {
	assert.ok(c.secretMasked.endsWith("***"), c.secretMasked);
	assert.ok(text.length - c.secretMasked.length >= 13, "a candidate shows too much");
	assert.match(c.storageHash, /^[0-9a-f]{64}$/);
	assert.ok(!JSON.stringify(c).includes(text), "a candidate holds the key");
	if (!c.issuer) {
		normalize(c.format);
	}
}

for (const v of cases("issuer")) {
	test(`issuer: ${v.name}`, () => {
		const { name, key, error, ...want } = v;
		const found = inspect(key);
		if (error) {
			assert.throws(() => inspect(key, { preset: v.preset }), (e) => e.message.includes(error) && (key.length < 9 || !e.message.includes(key)));
			assert.ok(found.every((c) => !c.issuer));
			return;
		}
		for (const c of [found[0], ...inspect(key, { preset: v.preset })]) {
			const got = { preset: c.preset, kind: c.kind, prefix: c.prefix, environment: c.environment, checksum: c.checksum, certainty: c.certainty, hash: c.storageHash, damaged: c.damaged };
			assert.deepEqual(got, { environment: "", prefix: "", damaged: false, ...want });
			checkCandidate(key, c);
		}
	});
}

for (const v of cases("key")) {
	test(`key: ${v.name}`, () => {
		const text = v.key_base64 ? Buffer.from(v.key_base64, "base64") : (v.key ?? "");
		const found = inspect(text);
		for (const [i, want] of (v.inspect ?? []).entries()) {
			assert.equal(found[i]?.preset, want, JSON.stringify(found));
			if (want === v.format.preset && !v.error) {
				assert.deepEqual(
					[found[i].prefix, found[i].environment, found[i].publicId, found[i].checksum, found[i].storageHash],
					[v.prefix ?? "", v.environment ?? "", v.public_id ?? "", v.checksum, v.hash],
				);
			}
		}
		if (v.inspect_as) {
			assert.throws(() => inspect(text, { preset: v.inspect_as.preset }), (e) => e.message.includes(v.inspect_as.error));
		} else if (!v.error && v.format.preset) {
			const [c] = inspect(text, { preset: v.format.preset });
			assert.deepEqual([c.storageHash, c.checksum], [v.hash, v.checksum]);
		}
	});
}

test("every kind of every issuer is found, and its checksum judged", () => {
	let sums = 0;
	for (const issuer of TABLE) {
		for (const kind of issuer.kinds) {
			const key = sampleOf(kind);
			const [c] = inspect(key, { preset: issuer.name });
			assert.deepEqual([c.preset, c.kind, c.revoke], [issuer.name, kind.what, issuer.revoke]);
			assert.equal(c.checksum, kind.sum ? "ok" : "none", key);
			assert.equal(c.certainty, kind.sum ? "checksum" : (kind.shared ?? "prefix"));
			assert.equal(c.storageHash, hashText(key));
			if (!kind.sum) {
				continue;
			}
			sums++;
			const at = key.length - (kind.sum.after ?? 0) - 1;
			const other = kind.sum.alphabet[(kind.sum.alphabet.indexOf(key[at]) + 1) % kind.sum.alphabet.length];
			const [damaged] = inspect(key.slice(0, at) + other + key.slice(at + 1), { preset: issuer.name });
			assert.deepEqual([damaged.checksum, damaged.damaged], ["wrong", Boolean(kind.sum.documented)], key);
		}
	}
	assert.ok(sums > 30, `${sums} kinds have a checksum`);
	assert.deepEqual(ISSUERS, TABLE.map((issuer) => issuer.name));
});

test("keys as they are made are named right, and masked at the right place", () => {
	for (const preset of PRESETS.filter((name) => name !== "opaque")) {
		for (const key of make(formatOf({ preset }), 200)) {
			const [c] = inspect(key.key);
			assert.deepEqual([c.preset, c.storageHash, c.publicId, c.checksum], [preset, key.hash, key.publicId, key.checksum]);
			assert.equal(c.secretMasked.slice(0, -3), key.key.slice(0, key.key.lastIndexOf(key.secret)));
			checkCandidate(key.key, c);
		}
	}
});

test("what is no key is nothing, whatever it holds", () => {
	for (const text of [
		"", "short", "550e8400-e29b-41d4-a716-446655440000", "hello world, this is some text", "a".repeat(1025), "é".repeat(600),
		`\0ÿ${"a".repeat(40)}`, new Uint8Array([0xff, 0xfe, ...new Array(40).fill(0x61)]),
	]) {
		assert.deepEqual(inspect(text), []);
	}
});

test("asked about one kind, it says why not, and never the key", () => {
	const sample = "sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n";
	for (const [key, preset, want] of [
		[sample, "unambiguous", "character 27 of the secret is not in the alphabet of base55 (23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz)"],
		[sample, "publishable-key", "prefix is not the one"],
		[sample, "keywright", "65 characters and an environment, not 40"],
		["key_live_abc", "keywright", "key has not the length"],
		["api_short", "secret-key", "36 characters, not 9"],
		["noseparator0123456789", "seam", "no separator"],
		["acme-live-a-", "seam", "key is not of preset seam: prefix is not the one of this format"],
		["", "keywright", "key is empty"],
		["a".repeat(2000), "opaque", "longer than 1024"],
		[sample, "nothing", "preset is not known"],
		[sample, "github", "key is not of github: it begins with none of its prefixes"],
		["ghp_tooshort", "github", "begins as one (personal access token (classic)), and has another length or alphabet"],
	]) {
		assert.throws(() => inspect(key, { preset }), (e) => e.message.includes(want) && (key.length < 9 || !e.message.includes(key)), `${key} as ${preset}`);
	}
});

test("bytes are counted once: text that is not ASCII is read as its UTF-8 is", () => {
	const damaged = "acme_CV2FyXtwrGh3_vGykx5Ie6NXISpXgXWNX70SHDvJYrVDGRY7PgOoVdrjUvécI"; // 62 bytes after the label, in 61 characters
	const candidates = inspect(damaged);
	assert.deepEqual(candidates.map(({ preset, checksum }) => [preset, checksum]), [["keywright", "wrong"]]);
	assert.deepEqual(inspect(new TextEncoder().encode(damaged)), candidates);
});
