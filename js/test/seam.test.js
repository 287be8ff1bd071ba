// SPDX-License-Identifier: Apache-2.0

// The same assertions against prefixed-api-key itself and against keywright/seam: a project may swap one for the other.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { mock, test } from "node:test";

const seam = await import("../seam.js");

const original = createRequire(import.meta.url)("prefixed-api-key");

const example = {
	shortToken: "BRTRKFsL",
	longToken: "51FwqftsmMDHHbJAMEXXHCgG",
	longTokenHash: "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37",
	token: "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG",
};
const EMPTY_HASH = crypto.createHash("sha256").update("").digest("hex");

for (const [name, api] of [["prefixed-api-key", original], ["keywright/seam", seam]]) {
	test(`${name}: the published example`, async () => {
		assert.equal(api.hashLongToken(example.longToken), example.longTokenHash);
		assert.equal(api.extractLongToken(example.token), example.longToken);
		assert.equal(api.extractShortToken(example.token), example.shortToken);
		assert.equal(api.extractLongTokenHash(example.token), example.longTokenHash);
		assert.deepEqual(api.getTokenComponents(example.token), example);
		assert.equal(api.checkAPIKey(example.token, example.longTokenHash), true);
		assert.equal(await api.checkAPIKey(example.token, example.longTokenHash), true);
		assert.equal(api.checkAPIKey(example.token, example.longTokenHash.toUpperCase()), true);
	});

	test(`${name}: what is made`, async () => {
		const promise = api.generateAPIKey({ keyPrefix: "mycompany" });
		assert.ok(promise instanceof Promise);
		const made = await promise;
		assert.deepEqual(Object.keys(made), ["shortToken", "longToken", "longTokenHash", "token"]);
		assert.match(made.shortToken, /^[1-9A-HJ-NP-Za-km-z]{8}$/);
		assert.match(made.longToken, /^[1-9A-HJ-NP-Za-km-z]{24}$/);
		assert.equal(made.token, `mycompany_${made.shortToken}_${made.longToken}`);
		assert.equal(made.longTokenHash, crypto.createHash("sha256").update(made.longToken).digest("hex"));
		assert.deepEqual(api.getTokenComponents(made.token), { ...made });
		assert.equal(api.checkAPIKey(made.token, made.longTokenHash), true);
		assert.notEqual((await api.generateAPIKey({ keyPrefix: "mycompany" })).token, made.token);
		assert.deepEqual(JSON.parse(JSON.stringify(made)), { ...made });
	});

	test(`${name}: without a prefix nothing is made`, async () => {
		for (const options of [undefined, {}, { keyPrefix: "" }, { keyPrefix: undefined }, { shortTokenLength: 4 }]) {
			const { token, shortToken, longToken, longTokenHash } = await api.generateAPIKey(options);
			assert.deepEqual([token, shortToken, longToken, longTokenHash], Array(4).fill(undefined));
			assert.deepEqual(await api.generateAPIKey(options), {});
		}
	});

	test(`${name}: options`, async () => {
		for (const [options, pattern] of [
			[{ shortTokenLength: 4 }, /^a_[^_]{4}_[^_]{24}$/],
			[{ longTokenLength: 32 }, /^a_[^_]{8}_[^_]{32}$/],
			[{ shortTokenLength: 12, longTokenLength: 64 }, /^a_[^_]{12}_[^_]{64}$/],
			[{ shortTokenPrefix: "ab" }, /^a_ab[^_]{6}_[^_]{24}$/],
			[{ shortTokenPrefix: "abcdefghijkl" }, /^a_abcdefgh_[^_]{24}$/],
			[{ shortTokenPrefix: "ab", shortTokenLength: 20 }, /^a_ab[^_]{18}_[^_]{24}$/],
			[{ keyPrefix: "my-company.io" }, /^my-company\.io_[^_]{8}_[^_]{24}$/],
			[{ keyPrefix: "my_company" }, /^my_company_[^_]{8}_[^_]{24}$/],
		]) assert.match((await api.generateAPIKey({ keyPrefix: "a", ...options })).token, pattern);
		await assert.rejects(api.generateAPIKey({ keyPrefix: "a", shortTokenLength: -1 }), RangeError);
	});

	test(`${name}: what is refused`, () => {
		const other = `${example.token.slice(0, -1)}H`;
		assert.equal(api.checkAPIKey(other, example.longTokenHash), false);
		assert.equal(api.checkAPIKey(example.token, api.hashLongToken("51FwqftsmMDHHbJAMEXXHCgH")), false);
		assert.equal(api.checkAPIKey(example.token, EMPTY_HASH), false);
		assert.equal(api.checkAPIKey(`${example.token}_`, example.longTokenHash), false);
		assert.equal(api.checkAPIKey(`${example.token} `, example.longTokenHash), false);
		assert.equal(api.checkAPIKey("", example.longTokenHash), false);
		for (let i = 0; i < 64; i++) {
			const digit = example.longTokenHash[i] === "0" ? "1" : "0";
			const changed = example.longTokenHash.slice(0, i) + digit + example.longTokenHash.slice(i + 1);
			assert.equal(api.checkAPIKey(example.token, changed), false, `digit ${i}`);
		}
	});

	test(`${name}: what is no key`, () => {
		assert.equal(api.extractShortToken("abc"), undefined);
		assert.equal(api.extractLongToken("abc"), "abc");
		assert.equal(api.extractShortToken("a_b"), "b");
		assert.deepEqual(api.getTokenComponents(""), { longToken: "", shortToken: undefined, longTokenHash: EMPTY_HASH, token: "" });
		for (const call of ["hashLongToken", "extractLongToken", "extractShortToken", "extractLongTokenHash", "getTokenComponents"]) {
			assert.throws(() => api[call](undefined), TypeError, call);
		}
	});
}

test("the same randomness gives the same keys", async (t) => {
	const given = [
		["mycompany_13DUyZY2_12D2adLM3UKy4Z4giRbReR6g", "2fc7163b546838bc4e4061d869bebfc8a20b5cfaf7064c6b698546612a717891", (n) => Uint8Array.from({ length: n }, (_, i) => i)],
		["mycompany_An6UebxC_6L5yRNPTuciSgXGHqYwn9N6N", "debe7a493b5a84f091adfd9cff428c9aa4578e2cc4a34bc88fb2892fd663f8c5", (n) => Uint8Array.from({ length: n }, (_, i) => i + 1)],
		["mycompany_jpXCZedG_QLbz7JHiBTspS962RLKV8Gnd", "1dae2b52614bf49923b2c5f6442695348ff440bfca1847a9bea9c1b06d7a0f39", (n) => new Uint8Array(n).fill(255)],
		["mycompany_11111111_111111111111111111111111", "c3e2cd1fb8e4da77d1d236f372ea83ca7af23b2607c6e03d9644575914def0a4", (n) => new Uint8Array(n)],
	];
	/** @type {(n: number) => Uint8Array} */
	let chosen;
	const ours = mock.method(globalThis.crypto, "getRandomValues", (bytes) => (bytes.set(chosen(bytes.length)), bytes));
	const theirs = mock.method(crypto, "randomBytes", (n, done) => done(null, Buffer.from(chosen(n))));
	t.after(() => mock.restoreAll());
	for (const [token, longTokenHash, random] of given) {
		chosen = random;
		for (const options of [{}, { shortTokenPrefix: "ab" }, { shortTokenPrefix: "abcdefghijkl" }, { shortTokenLength: 11, longTokenLength: 40 }]) {
			const made = await seam.generateAPIKey({ keyPrefix: "mycompany", ...options });
			assert.deepEqual({ ...made }, await original.generateAPIKey({ keyPrefix: "mycompany", ...options }));
		}
		const made = await seam.generateAPIKey({ keyPrefix: "mycompany" });
		assert.equal(made.token, token);
		assert.equal(made.longTokenHash, longTokenHash);
	}
	assert.ok(ours.mock.callCount() > 20 && theirs.mock.callCount() > 20);
});

test("what is other than in the original", async () => {
	assert.equal(seam.checkAPIKey(example.longToken, example.longTokenHash), false, "a bare secret");
	assert.equal(seam.checkAPIKey(`_${example.shortToken}_${example.longToken}`, example.longTokenHash), false, "no prefix");
	assert.equal(seam.checkAPIKey(`a__${example.longToken}`, example.longTokenHash), false, "no short token");
	assert.equal(seam.checkAPIKey(`${"a".repeat(1024)}${example.token}`, example.longTokenHash), false, "longer than any key");
	for (const hash of ["", "d70d", "zz", `${example.longTokenHash}\n`, `${example.longTokenHash}z`, "z".repeat(64), undefined, null, 7]) {
		assert.equal(seam.checkAPIKey(example.token, hash), false, String(hash));
	}
	for (const token of [undefined, null, 7, {}]) assert.equal(seam.checkAPIKey(token, example.longTokenHash), false);
	const { token } = await seam.generateAPIKey({ keyPrefix: "my_company" });
	assert.equal(seam.extractShortToken(token), token.slice(11, 19));
	assert.equal(seam.extractShortToken("my_company_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG"), "BRTRKFsL");
	for (const length of [0, 2.5, NaN, "8"]) {
		await assert.rejects(seam.generateAPIKey({ keyPrefix: "a", longTokenLength: length }), RangeError);
	}
});

test("the names of the fork", async () => {
	const { checkAPIKey, extractKeyId, extractSecret, getAPIKeyObject, hashSecret } = seam;
	const key = "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG";
	assert.equal(hashSecret("51FwqftsmMDHHbJAMEXXHCgG"), example.longTokenHash);
	assert.equal(extractSecret(key), "51FwqftsmMDHHbJAMEXXHCgG");
	assert.equal(extractKeyId(key), "BRTRKFsL");
	assert.deepEqual(getAPIKeyObject(key), { keyId: "BRTRKFsL", secretHash: example.longTokenHash, apiKey: key });
	assert.equal(checkAPIKey(key, example.longTokenHash), true);
	const made = await seam.generateAPIKey({ keyPrefix: "myapp" });
	assert.match(made.apiKey, /^myapp_[1-9A-HJ-NP-Za-km-z]{8}_[1-9A-HJ-NP-Za-km-z]{24}$/);
	assert.deepEqual(getAPIKeyObject(made.apiKey), { keyId: made.keyId, secretHash: made.secretHash, apiKey: made.token });
});

test("keys that ports of the original made", () => {
	for (const [key, hash] of [
		["mycompany_CEUsS4psCmc_BddpcwWyCT3EkDjHSSTRaSK1dxtuQgbjb", "0f01ab6e0833f280b73b2b618c16102d91c0b7c585d42a080d6e6603239a8bee"],
		["mycompany_5TJMbnP3thd_DjzvCr9MQLaKcaMisJuyUntS7Jpk61ZMp", "dec53496c2cd35bbb44270f9f896299a920b08b3c49cbf6ccd0c2cbb8efdcb83"],
		["indiid_ZplVTncO_TCX0ZQp3XBs1fS2D2DBPDlsH", "41a6dbbdc6cbe970ccc95863c18de6b943b7f467010ae86dd0172c35c2e2e9eb"],
		["demo_Fl4vboTd_ApDAFQC6PCB2FD66to1FIZCi", "e5cd40e8bf7701fea8f0a7e7d924813636f91f6481ea46ffa54d2ecacc856aab"],
	]) assert.equal(seam.checkAPIKey(key, hash), true, key);
});

test("the vectors of the format", () => {
	let checked = 0;
	for (const file of ["key-seam", "key-seam-published-example", "key-seam-port-base62", "key-seam-port-lengths"]) {
		const { cases } = JSON.parse(readFileSync(new URL(`../../testdata/vectors/${file}.json`, import.meta.url), "utf8"));
		for (const { key, public_id: id, secret, hash } of cases) {
			assert.deepEqual(seam.getTokenComponents(key), { shortToken: id, longToken: secret, longTokenHash: hash, token: key });
			assert.equal(seam.checkAPIKey(key, hash), true, key);
			checked++;
		}
	}
	assert.ok(checked >= 4);
});
