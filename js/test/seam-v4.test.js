// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";

import { decode, decodeBase58, encode, encodeBase58 } from "../encoding.js";
import * as v4 from "../seam-v4.js";

/** @param {string} name */
const vectors = (name) =>
	JSON.parse(readFileSync(new URL(`../../testdata/vectors/${name}.json`, import.meta.url), "utf8")).cases;
/** @param {string} hex */
const base58 = (hex) => encodeBase58(/** @type {Uint8Array} */ (decode("hex", hex)));

test("the published example", () => {
	const apiKey = "mycompany_25RbpSyxVex_Gp6TRzhNvYA5GonfggbvNU";
	const secretHash = "EqrEJ1mg3RifmHL3rv2dRVuKuF43jqPbSqmhpuSeXxKF";
	assert.equal(v4.extractKeyId(apiKey), "25RbpSyxVex");
	assert.equal(v4.extractSecret(apiKey), "Gp6TRzhNvYA5GonfggbvNU");
	assert.equal(encode("hex", v4.extractSecretAsBuffer(apiKey)), "800c6637be3ca0bb34017656dc278171");
	assert.equal(v4.hashSecret(v4.extractSecretAsBuffer(apiKey)), secretHash);
	assert.deepEqual(v4.getAPIKeyObject(apiKey), { keyId: "25RbpSyxVex", secretHash, apiKey });
	assert.equal(v4.checkAPIKey(apiKey, secretHash), true);
});

test("a key of the versions before has another hash here", () => {
	const key = "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG";
	assert.equal(v4.getAPIKeyObject(key).secretHash, "3MfxvPtSrhV3hZVSR23iAoD84MAPAnqtJQQnkJs3Rad4");
	assert.equal(v4.hashSecret("51FwqftsmMDHHbJAMEXXHCgG"), "FUUgK7e1C7sC1THC5wzqLEeF71vqGSuiEPS6PYUrptJi");
	assert.equal(v4.checkAPIKey(key, "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37"), false);
});

test("the vectors of the format", async (t) => {
	for (const { key, public_id: keyId, secret, hash } of vectors("key-seam-v4")) {
		assert.equal(v4.extractSecret(key), secret);
		assert.deepEqual(v4.getAPIKeyObject(key), { keyId, secretHash: base58(hash), apiKey: key });
		assert.equal(v4.checkAPIKey(key, base58(hash)), true);
		assert.deepEqual(decodeBase58(secret, 16), v4.extractSecretAsBuffer(key));
	}
	for (const { random_hex: hex, key, hash, format } of vectors("generate-seam-v4")) {
		let random = /** @type {Uint8Array} */ (decode("hex", hex));
		const read = mock.method(globalThis.crypto, "getRandomValues", (bytes) => {
			bytes.set(random.subarray(0, bytes.length));
			random = random.subarray(bytes.length);
			return bytes;
		});
		t.after(() => read.mock.restore());
		const made = await v4.generateAPIKey({ keyPrefix: format.prefix });
		assert.deepEqual(made, { keyId: key.split("_")[1], secretHash: base58(hash), apiKey: key });
	}
});

test("what is made", async () => {
	for (let i = 0; i < 200; i++) {
		const made = await v4.generateAPIKey({ keyPrefix: "my-app" });
		assert.deepEqual(Object.keys(made), ["keyId", "secretHash", "apiKey"]);
		assert.match(made.apiKey, /^my-app_[1-9A-HJ-NP-Za-km-z]{8,11}_[1-9A-HJ-NP-Za-km-z]{16,22}$/);
		assert.deepEqual(v4.getAPIKeyObject(made.apiKey), made);
		assert.equal(v4.checkAPIKey(made.apiKey, made.secretHash), true);
	}
	const large = await v4.generateAPIKey({ keyPrefix: "a", keyIdLength: 16, secretEntropy: 512 });
	assert.equal(v4.extractSecretAsBuffer(large.apiKey).length, 64);
});

test("what is refused", async () => {
	for (const keyPrefix of [undefined, "", "my_app"]) {
		await assert.rejects(
			v4.generateAPIKey({ keyPrefix }),
			/You must provide a `keyPrefix`, and it must not include `_` characters\./,
		);
	}
	await assert.rejects(
		v4.generateAPIKey({ keyPrefix: "a", secretEntropy: 129 }),
		/`secretEntropy` must be a multiple of 8 so it can fill a byte string\./,
	);
	await assert.rejects(v4.generateAPIKey({ keyPrefix: "a", secretEntropy: 0 }), RangeError);
	for (const key of ["", "abc", "a_b", "a__b", "_a_b", "a_b_", "a_b_c_d", undefined, 7]) {
		assert.throws(() => v4.extractSecret(/** @type {any} */ (key)), {
			message: "Unexpected API key format. There should be 3 parts separate by `_`.",
		});
	}
	const { apiKey, secretHash } = await v4.generateAPIKey({ keyPrefix: "a" });
	const other = await v4.generateAPIKey({ keyPrefix: "a" });
	assert.equal(v4.checkAPIKey(other.apiKey, secretHash), false);
	const end = apiKey.at(-1) === "2" ? "3" : "2";
	for (const key of [
		apiKey.slice(0, -1) + end,
		`${apiKey}1`,
		apiKey.replace(/_([^_]*)$/, "_1$1"),
		`${apiKey}0`,
		`x${apiKey}_`,
		v4.extractSecret(apiKey),
		"",
		undefined,
	]) {
		assert.equal(v4.checkAPIKey(/** @type {any} */ (key), secretHash), false);
	}
	for (const hash of ["", secretHash.slice(1), `${secretHash}1`, `1${secretHash}`, "0".repeat(44), undefined]) {
		assert.equal(v4.checkAPIKey(apiKey, /** @type {any} */ (hash)), false);
	}
});
