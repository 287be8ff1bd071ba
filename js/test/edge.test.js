// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { answer } from "../edge.js";
import worker from "../worker.js";
import { contract, keeps } from "./contract.js";

const PATH = "/api/sec-api-key-generate";
const origins = contract.origins;
const ask = (path, init) => new Request(`https://edge.example.com${path}`, init);
const send = (path, init) => answer(ask(path, init), { origins });

test("the contract, in Node", () => keeps(send));

test("another path is a problem document", async () => {
	for (const path of ["/", "/api", `${PATH}/`, "/api/SEC-API-KEY-GENERATE", "/v1/keys", `//edge${PATH}`]) {
		const response = await send(path, { method: "POST", body: '{"prefix":"sk"}' });
		assert.equal(response.status, 404, path);
		const problem = await response.json();
		assert.equal(problem.code, "not_found");
		assert.equal(problem.status, 404);
		assert.ok(problem.title && problem.detail && problem.hint);
	}
	assert.equal((await send(`${PATH}?length=64`, { method: "POST", body: '{"prefix":"sk"}' })).status, 200);
	assert.equal(await (await send("/", { method: "HEAD" })).text(), "");
});

test("without randomness there is no key", async () => {
	const random = () => {
		throw new Error("no randomness");
	};
	const response = await answer(ask(PATH, { method: "POST", body: '{"prefix":"sk"}' }), { random });
	assert.equal(response.status, 500);
	assert.deepEqual(await response.json(), {
		success: false,
		error: { code: "INTERNAL_ERROR", message: "no key could be made" },
	});
});

test("a key comes from randomness alone", async () => {
	const random = (bytes) => bytes.fill(7);
	const response = await answer(ask(PATH, { method: "POST", body: '{"prefix":"sk"}' }), { random });
	assert.equal((await response.json()).data.key, `sk_${"9".repeat(32)}`);
});

test("a body that is cut off is refused", async () => {
	const body = new ReadableStream({
		start(controller) {
			controller.enqueue(new TextEncoder().encode('{"prefix":"sk"}'));
			controller.error(new Error("gone"));
		},
	});
	const response = await answer(ask(PATH, { method: "POST", body, duplex: "half" }));
	assert.equal(response.status, 400);
	assert.match(await response.text(), /did not arrive whole/);
});

test("a body without end is not read to its end", async () => {
	let read = 0;
	const body = new ReadableStream({
		pull(controller) {
			controller.enqueue(new Uint8Array(1 << 20).fill(32));
			if (++read > 64) controller.close();
		},
	});
	const response = await answer(ask(PATH, { method: "POST", body, duplex: "half" }));
	assert.equal(response.status, 400);
	assert.ok(read < 32, `${read} MiB were read`);
});

test("origins are read from the environment", async () => {
	for (const [configured, want] of [
		["", null],
		[undefined, null],
		["*", "*"],
		["https://a.example, https://b.example", "https://b.example"],
		["https://a.example", null],
	]) {
		const request = ask(PATH, { method: "POST", headers: { Origin: "https://b.example" }, body: '{"prefix":"sk"}' });
		const response = await worker.fetch(request, configured === undefined ? undefined : { GENERATE_ORIGINS: configured });
		assert.equal(response.headers.get("Access-Control-Allow-Origin"), want, configured);
	}
});
