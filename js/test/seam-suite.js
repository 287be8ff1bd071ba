// SPDX-License-Identifier: Apache-2.0

// What prefixed-api-key promises, as assertions that it and keywright/seam both pass: a project may swap one for the other.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

export const example = {
	shortToken: "BRTRKFsL",
	longToken: "51FwqftsmMDHHbJAMEXXHCgG",
	longTokenHash: "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37",
	token: "mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG",
};
const EMPTY_HASH = createHash("sha256").update("").digest("hex");

/**
 * @param {string} name
 * @param {any} api
 */
export function behaves(name, api) {
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
		assert.equal(made.longTokenHash, createHash("sha256").update(made.longToken).digest("hex"));
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
		])
			assert.match((await api.generateAPIKey({ keyPrefix: "a", ...options })).token, pattern);
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
		assert.deepEqual(api.getTokenComponents(""), {
			longToken: "",
			shortToken: undefined,
			longTokenHash: EMPTY_HASH,
			token: "",
		});
		for (const call of [
			"hashLongToken",
			"extractLongToken",
			"extractShortToken",
			"extractLongTokenHash",
			"getTokenComponents",
		]) {
			assert.throws(() => api[call](undefined), TypeError, call);
		}
	});
}
