// SPDX-License-Identifier: Apache-2.0

// The worker in workerd, the engine that edges run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { Miniflare, Response } from "miniflare";

import { contract, keeps } from "./contract.js";

const PATH = "/api/sec-api-key-generate";

test("the contract, in workerd", async (t) => {
	let sent = 0; // requests of the worker itself
	const wrangler = readFileSync(new URL("../worker/wrangler.toml", import.meta.url), "utf8");
	const mf = new Miniflare({
		modulesRoot: fileURLToPath(new URL("..", import.meta.url)),
		rootPath: fileURLToPath(new URL("..", import.meta.url)),
		scriptPath: "worker.js",
		modules: true,
		modulesRules: [{ type: "ESModule", include: ["**/*.js"] }],
		compatibilityDate: /compatibility_date = "(.*)"/.exec(wrangler)[1],
		bindings: { GENERATE_ORIGINS: contract.origins.join(" ") },
		outboundService() {
			sent++;
			return new Response();
		},
		host: "127.0.0.1",
		port: 0,
	});
	t.after(() => mf.dispose());
	const url = await mf.ready;
	await keeps((path, init) => mf.dispatchFetch(new URL(path, url), init));
	const response = await mf.dispatchFetch(new URL("/", url));
	assert.equal(response.status, 404);
	assert.equal(response.headers.get("Content-Type"), "application/problem+json");
	const keys = new Set();
	for (let i = 0; i < 200; i++) {
		const made = await mf.dispatchFetch(new URL(PATH, url), { method: "POST", body: '{"prefix":"sk"}' });
		keys.add((await made.json()).data.key);
	}
	assert.equal(keys.size, 200);
	assert.equal(sent, 0);
});
