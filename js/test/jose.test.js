// SPDX-License-Identifier: Apache-2.0

// What a service does that knows nothing of Keywright: jose, a library that shares no code with it, verifies its tokens.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

import { start } from "./server.js";

const audience = "https://api.example.com";

/** @param {string} url @param {string} key @param {unknown} body */
async function post(url, key, body) {
	const response = await fetch(url, {
		method: "POST",
		headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
	assert.ok(response.ok, `${url}: ${response.status}`);
	return response.json();
}

test("jose verifies what a key was exchanged for", async (t) => {
	const server = await start(t);
	const policy = { exchange: { life: "1m", audience: [audience] } };
	await post(`${server.url}/v1/keyspaces`, server.key, { name: "acme", policy });
	const { key, record } = await post(`${server.url}/v1/keys`, server.key, { keyspace: "acme", scopes: ["invoices:*"] });
	const { token } = await post(`${server.url}/v1/exchange`, key, { keyspace: "acme", scopes: ["invoices:read"] });
	const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
	const expected = { issuer: "keywright", audience, algorithms: ["ES256"], typ: "at+jwt", clockTolerance: 5 };
	const verify = (/** @type {string} */ text, changes = {}) => jwtVerify(text, keys, { ...expected, ...changes });

	const { payload, protectedHeader } = await verify(token);
	assert.equal(protectedHeader.alg, "ES256");
	assert.deepEqual([payload.sub, payload.scope, payload.keyspace], [record.id, "invoices:read", "acme"]);
	const exp = /** @type {number} */ (payload.exp);
	assert.ok(exp - /** @type {number} */ (payload.iat) <= 60);

	await t.test("another audience, issuer or algorithm", async () => {
		for (const [changes, claim] of /** @type {[object, string][]} */ ([
			[{ audience: "https://other.example.com" }, "aud"],
			[{ issuer: "someone-else" }, "iss"],
		])) {
			await assert.rejects(verify(token, changes), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED", claim });
		}
		await assert.rejects(verify(token, { algorithms: ["EdDSA"] }), errors.JOSEAlgNotAllowed);
	});

	await t.test("after its end", async () => {
		await verify(token, { currentDate: new Date((exp - 1) * 1000), clockTolerance: 0 });
		await assert.rejects(verify(token, { currentDate: new Date(exp * 1000), clockTolerance: 0 }), errors.JWTExpired);
	});

	await t.test("one changed character, at any place", async () => {
		const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		for (let at = 0; at < token.length; at++) {
			// The highest bit of a character's six: those below may be bits of the last one that say nothing.
			const other = token[at] === "." ? "_" : digits[digits.indexOf(token[at]) ^ 32];
			await assert.rejects(verify(token.slice(0, at) + other + token.slice(at + 1)), errors.JOSEError, `at ${at}`);
		}
		await verify(token);
	});
});
