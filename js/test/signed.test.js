// SPDX-License-Identifier: Apache-2.0

// Signed and derived keys, by the vectors of package signed.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { encode } from "../encoding.js";
import { checkDerived, derive, derivedScope } from "../derived.js";
import { sign, SignedError, verifySigned } from "../signed.js";

const folder = new URL("../../signed/testdata/vectors/", import.meta.url);
const KINDS = ["signed", "derived", "derived-read"];

/** @type {[string, any][]} */
const files = readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), "utf8"))]);
assert.ok(files.length >= 18);
for (const [name, { kind }] of files) assert.ok(KINDS.includes(kind), `${name} is of an unknown kind`);

/**
 * The kind of the error of a promise; undefined where there is none.
 *
 * @param {Promise<unknown>} promise
 * @param {string} key that no error may hold
 */
async function kindOf(promise, key) {
	try {
		await promise;
		return undefined;
	} catch (error) {
		assert.ok(error instanceof SignedError, String(error));
		assert.ok(key.length < 8 || !error.message.includes(key));
		assert.ok(error.message.startsWith(`${error.kind}: `));
		return error.kind;
	}
}

/** A time of a vector, to the microsecond. @param {string} now */
const atOf = (now) => now.replace("Z", "").replace(/(\.\d{6})\d+$/, "$1");

for (const [name, { kind, cases }] of files) {
	if (kind === "signed") {
		test(name, async () => {
			for (const [i, v] of cases.entries()) {
				const at = atOf(v.now);
				assert.equal(await kindOf(verifySigned(v.key, v.secret, { at }), v.key), v.error, `case ${i}`);
				if (v.error) continue;
				const claims = await verifySigned(v.key, v.secret, { at });
				const [whole, fraction] = v.claims.created_at.split(".");
				const created = fraction ? `${whole}.${fraction.padEnd(6, "0")}` : whole;
				assert.deepEqual(claims, { ...v.claims, created_at: created }, `case ${i}`);
				const made = await sign(claims, v.secret, { at });
				assert.equal(made.keyId, claims.key_id);
				assert.equal(made.key === v.key, !v.reads_only, `case ${i}`);
			}
		});
		continue;
	}
	test(name, async () => {
		for (const [i, v] of cases.entries()) {
			if (kind === "derived-read") {
				assert.equal(await kindOf(checkDerived(v.key, v.master), v.key), v.error, `case ${i}`);
				continue;
			}
			assert.equal(await kindOf(derive(v.master, v.scope), v.key), v.error, `case ${i}`);
			if (!v.error) assert.equal(await derive(v.master, v.scope), v.key);
			assert.equal(await kindOf(checkDerived(v.key, ["other", v.master]), v.key), v.check_error, `case ${i}, read`);
			if (!v.check_error) assert.equal(await checkDerived(v.key, ["other", v.master]), v.scope);
		}
	});
}

test("a key is made now, with an id of its own", async () => {
	const { key, keyId } = await sign({ user_id: "user_123", permissions: ["read"] }, ["newest", "oldest"]);
	assert.match(keyId, /^[0-9a-f]{16}$/);
	const claims = await verifySigned(key, ["other", "newest"]);
	assert.equal(claims.key_id, keyId);
	assert.equal(claims.user_id, "user_123");
	assert.ok(Math.abs(Date.parse(`${claims.created_at}Z`) - Date.now()) < 60_000);
	assert.equal(await kindOf(verifySigned(key, "oldest"), key), "wrong signature");
	assert.notEqual((await sign({ user_id: "user_123" }, "newest")).keyId, keyId);
});

test("a key lives as long as it is asked to", async () => {
	const at = new Date("2026-01-15T12:00:00Z");
	const { key } = await sign({ user_id: "u" }, "secret", { at });
	const later = (/** @type {number} */ ms) => new Date(at.getTime() + ms);
	assert.equal(await kindOf(verifySigned(key, "secret", { at: later(60_000), maxAge: 60_000 }), key), undefined);
	assert.equal(await kindOf(verifySigned(key, "secret", { at: later(60_001), maxAge: 60_000 }), key), "expired");
	assert.equal(await kindOf(verifySigned(key, "secret", { at: later(-60_000) }), key), undefined);
	assert.equal(await kindOf(verifySigned(key, "secret", { at: later(-60_001) }), key), "not valid yet");
	assert.equal(await kindOf(verifySigned(key, "secret", { at: later(-1), leeway: -1 }), key), "not valid yet");
	assert.equal(await kindOf(verifySigned(key, "secret", { at: later(-5000), leeway: 5000 }), key), undefined);
	assert.equal(await kindOf(verifySigned(key, "secret", { at: "yesterday" }), key), "unusable");
	assert.equal(await kindOf(sign({ user_id: "u", created_at: "2020-01-01T00:00:00" }, "secret", { at }), ""), "unusable");
});

test("one character is enough to refuse a key", async () => {
	const { key } = await sign({ user_id: "u", key_id: "k" }, "secret");
	for (let i = 0; i < key.length; i++) {
		const other = key[i] === "A" ? "B" : "A";
		for (const changed of [
			key.slice(0, i) + other + key.slice(i + 1),
			key.slice(0, i) + key.slice(i + 1),
			`${key.slice(0, i)}\n${key.slice(i)}`,
		]) {
			assert.ok(["malformed", "wrong signature"].includes(String(await kindOf(verifySigned(changed, "secret"), key))));
		}
	}
});

test("what cannot sign", async () => {
	const good = { user_id: "u" };
	for (const secret of ["", "abc\0", undefined, [], ["good", ""], "\ud800", 7]) {
		assert.equal(await kindOf(sign(good, /** @type {any} */ (secret)), ""), "unusable");
		assert.equal(await kindOf(verifySigned("x", /** @type {any} */ (secret)), ""), "unusable");
		if (!Array.isArray(secret)) assert.equal(await kindOf(derive(/** @type {any} */ (secret), "read"), ""), "unusable");
	}
	for (const claims of [
		{ user_id: "" },
		{},
		{ user_id: "\ud800" },
		{ user_id: "u", permissions: "read" },
		{ user_id: "u", permissions: [1] },
		{ user_id: "u", key_id: 7 },
		{ user_id: "u", permissions: ["x".repeat(8192)] },
	]) {
		assert.equal(await kindOf(sign(/** @type {any} */ (claims), "secret"), ""), "unusable");
	}
	assert.equal(await kindOf(verifySigned(/** @type {any} */ (undefined), "secret"), ""), "malformed");
	assert.equal(await kindOf(verifySigned("A".repeat(8193), "secret"), "A".repeat(8193)), "malformed");
	assert.equal(await kindOf(derive("master", "x".repeat(8192)), ""), "unusable");
	assert.throws(() => derivedScope(/** @type {any} */ (undefined)), SignedError);
});

test("a secret of bytes is the same as its text", async () => {
	assert.equal(await derive(new TextEncoder().encode("master"), "read"), await derive("master", "read"));
	const { key } = await sign({ user_id: "ключ" }, new Uint8Array([1, 2, 255]));
	assert.equal((await verifySigned(key, new Uint8Array([1, 2, 255]))).user_id, "ключ");
	assert.match(encode("hex", new Uint8Array([255])), /ff/);
});
