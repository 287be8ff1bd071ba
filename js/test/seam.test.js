// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as seam from "../seam.js";
import { behaves, example } from "./seam-suite.js";

behaves("keywright/seam", seam);

test("what is other than in the original", async () => {
	assert.equal(seam.checkAPIKey(example.longToken, example.longTokenHash), false, "a bare secret");
	assert.equal(seam.checkAPIKey(`_${example.shortToken}_${example.longToken}`, example.longTokenHash), false, "no prefix");
	assert.equal(seam.checkAPIKey(`a__${example.longToken}`, example.longTokenHash), false, "no short token");
	assert.equal(seam.checkAPIKey(`${"a".repeat(1024)}${example.token}`, example.longTokenHash), false, "longer than any key");
	for (const hash of [
		"",
		"d70d",
		"zz",
		`${example.longTokenHash}\n`,
		`${example.longTokenHash}z`,
		"z".repeat(64),
		undefined,
		null,
		7,
	]) {
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
		[
			"mycompany_CEUsS4psCmc_BddpcwWyCT3EkDjHSSTRaSK1dxtuQgbjb",
			"0f01ab6e0833f280b73b2b618c16102d91c0b7c585d42a080d6e6603239a8bee",
		],
		[
			"mycompany_5TJMbnP3thd_DjzvCr9MQLaKcaMisJuyUntS7Jpk61ZMp",
			"dec53496c2cd35bbb44270f9f896299a920b08b3c49cbf6ccd0c2cbb8efdcb83",
		],
		["indiid_ZplVTncO_TCX0ZQp3XBs1fS2D2DBPDlsH", "41a6dbbdc6cbe970ccc95863c18de6b943b7f467010ae86dd0172c35c2e2e9eb"],
		["demo_Fl4vboTd_ApDAFQC6PCB2FD66to1FIZCi", "e5cd40e8bf7701fea8f0a7e7d924813636f91f6481ea46ffa54d2ecacc856aab"],
	])
		assert.equal(seam.checkAPIKey(key, hash), true, key);
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
