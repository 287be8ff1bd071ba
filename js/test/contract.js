// SPDX-License-Identifier: Apache-2.0

// The table of requests to POST /api/sec-api-key-generate and their answers, which the server is tested by too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Case
 * @property {string} [method]
 * @property {Record<string, string>} [headers]
 * @property {string} [body]
 * @property {string} [body_base64]
 * @property {number} [fill]
 * @property {number} status
 * @property {string} [key]
 * @property {string} [code]
 * @property {string} [message]
 * @property {Record<string, string>} [answer]
 */

/** @type {{ origins: string[], cases: Case[] }} */
export const contract = JSON.parse(readFileSync(new URL("../../testdata/generate-contract.json", import.meta.url), "utf8"));
assert.ok(contract.cases.length >= 50);

/** @param {Case} c */
export function bodyOf(c) {
	if (c.body_base64) return Buffer.from(c.body_base64, "base64");
	return c.fill ? c.body?.replace("*", "x".repeat(c.fill)) : c.body;
}

/**
 * Sends each request, and compares the answers.
 *
 * @param {(path: string, init: any) => Promise<any>} send
 */
export async function keeps(send) {
	for (const [i, c] of contract.cases.entries()) {
		const method = c.method ?? "POST";
		const response = await send("/api/sec-api-key-generate", { method, headers: c.headers, body: bodyOf(c) });
		const what = `case ${i}, ${method} ${(c.body ?? "").slice(0, 80)}`;
		assert.equal(response.status, c.status, what);
		assert.equal(response.headers.get("Cache-Control"), "no-store", what);
		for (const [name, want] of Object.entries(c.answer ?? {}))
			assert.equal(response.headers.get(name) ?? "", want, `${what}: ${name}`);
		const text = await response.text();
		if (c.status === 204) {
			assert.equal(text, "", what);
			continue;
		}
		assert.equal(response.headers.get("Content-Type"), "application/json", what);
		const got = JSON.parse(text);
		if (!c.key) {
			assert.deepEqual(got, { success: false, error: { code: c.code, message: c.message } }, what);
			continue;
		}
		assert.deepEqual(Object.keys(got), ["success", "data"], what);
		assert.equal(got.success, true, what);
		assert.deepEqual(Object.keys(got.data), ["key", "prefix", "entropy"], what);
		assert.match(got.data.key, new RegExp(c.key), what);
		assert.equal(got.data.key, `${got.data.prefix}_${got.data.entropy}`, what);
	}
}
