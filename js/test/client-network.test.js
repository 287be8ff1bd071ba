// SPDX-License-Identifier: Apache-2.0

// The client before servers that are slow, busy, broken or none: what is repeated, and what never is.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { inspect } from "node:util";

import { Client, NoJudgementError, ProblemError, TransportError } from "../client.js";

const SERVICE_KEY = "keywright_canaryService_4QxR7tYk2mB9";
const PRESENTED = "acme_live_canaryPresented_7Yk2mQ9xR4tB";
const ID = "key_0DFUqXqVeEpK4nSQhDZ0mR";

/**
 * @typedef {object} Answer what a server on the other side of a bad network sends
 * @property {number} [status]
 * @property {string} [media]
 * @property {string} [body]
 * @property {Record<string, string>} [headers]
 * @property {"hang" | "cut" | "close"} [fault]
 */

/**
 * Answers each request with the next of the answers, and then with the last again.
 *
 * @param {import("node:test").TestContext} t
 * @param {Answer[]} answers
 * @param {object} [options]
 */
async function serve(t, answers, options) {
	/** @type {import("node:http").IncomingMessage[]} */
	const asked = [];
	const server = createServer((request, response) => {
		const a = answers[Math.min(asked.push(request), answers.length) - 1];
		request.resume();
		if (a.fault === "hang") return;
		if (a.fault === "close") return void request.socket.destroy();
		const headers = { "Content-Type": a.media ?? "application/json", ...a.headers };
		if (a.fault !== "cut") return void response.writeHead(a.status ?? 200, headers).end(a.body);
		response.writeHead(a.status ?? 200, { ...headers, "Content-Length": 1000 });
		response.write(a.body);
		setTimeout(() => request.socket.destroy(), 20);
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
	const client = new Client({ url: `http://127.0.0.1:${port}`, key: SERVICE_KEY, timeout: 300, ...options });
	return { client, asked };
}

/** @param {unknown} error */
function holdsNoKey(error) {
	const text = [String(error), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join("\n");
	assert.ok(!/canary/i.test(text), `a key is in ${text.replace(/canary\w*/gi, "…")}`);
}

const PROBLEM = "application/problem+json";
/** @param {string} code @param {number} status */
const problem = (code, status) => ({
	status,
	media: PROBLEM,
	body: JSON.stringify({ code, status, detail: "no", hint: "later" }),
});

const valid = { body: '{"valid":true,"code":"VALID"}' };
const issued = { status: 201, body: '{"key":"x","record":{}}' };
const record = { body: "{}" };
const busy = problem("unavailable", 503);
const limited = { ...problem("too_many_requests", 429), headers: { "Retry-After": "0" } };
const muchLater = { ...busy, headers: { "Retry-After": "3600" } };
const denied = problem("access_denied", 403);
const gateway = { status: 504, media: "text/plain", body: "gateway timeout" };
/** @type {Answer} */
const hang = { fault: "hang" };
/** @type {Answer} */
const closed = { fault: "close" };
/** @type {Answer} */
const cut = { fault: "cut", body: "{" };

/** @type {Record<string, (c: Client) => Promise<unknown>>} */
const calls = {
	verify: (c) => c.verify({ key: PRESENTED, keyspace: "acme" }),
	dry: (c) => c.verify({ key: PRESENTED, keyspace: "acme", dry_run: true }),
	show: (c) => c.show(ID),
	update: (c) => c.update(ID, { name: "x" }),
	revoke: (c) => c.revoke(ID),
	rotate: (c) => c.rotate(ID),
	issue: (c) => c.issue({}),
	issueOnce: (c) => c.issue({}, { idempotencyKey: "6f1c" }),
	child: (c) => c.issueChild(ID, {}),
	get: (c) => c.call("GET", "/v1/stats"),
	post: (c) => c.call("POST", "/v1/keyspaces", {}),
	postOnce: (c) => c.call("POST", "/v1/keyspaces", {}, { idempotencyKey: "6f1c" }),
};

/** @type {[string, string, Answer[], number, boolean][]} what, the call, the answers, how many requests, whether it fails */
const table = [
	["comes back", "verify", [busy, limited, valid], 3, false],
	["stays away", "verify", [busy], 3, true],
	["cut off: it has spent", "verify", [cut, valid], 1, true],
	["cut off, in a dry run", "dry", [cut, valid], 2, false],
	["cut off, of a read", "show", [cut, record], 2, false],
	["silent once: it spends at most twice", "verify", [hang, valid], 2, false],
	["silent twice: it may have spent twice", "verify", [hang, hang, valid], 2, true],
	["silent twice, in a dry run", "dry", [hang, hang, valid], 3, false],
	["closed twice", "verify", [closed, closed, valid], 2, true],
	["a gateway that lost it twice", "verify", [gateway, gateway, valid], 2, true],
	["lost, then nothing judged", "verify", [gateway, busy, valid], 3, false],
	["asks to come much later", "verify", [muchLater, valid], 1, true],
	["denied", "verify", [denied, valid], 1, true],
	["a mistake of the server", "verify", [problem("internal", 500), valid], 1, true],
	["a second key might be made", "issue", [busy, issued], 1, true],
	["a second key might be made, closed", "issue", [closed, issued], 1, true],
	["the same key for sure", "issueOnce", [busy, issued], 2, false],
	["the same key for sure, closed", "issueOnce", [closed, issued], 2, false],
	["a second child might be made", "child", [busy, issued], 1, true],
	["a second secret might be made", "rotate", [busy, issued], 1, true],
	["a change is done once", "update", [busy, record], 1, true],
	["a revoke is done until it is", "revoke", [busy, closed, record], 3, false],
	["a read of any kind", "get", [busy, record], 2, false],
	["any other call", "post", [busy, record], 1, true],
	["any other call with an idempotency key", "postOnce", [busy, record], 2, false],
];

for (const [what, name, answers, requests, fails] of table) {
	test(`${name}: ${what}`, { concurrency: true }, async (t) => {
		const { client, asked } = await serve(t, answers);
		const [result] = await Promise.allSettled([calls[name](client)]);
		assert.equal(asked.length, requests);
		assert.equal(result.status, fails ? "rejected" : "fulfilled");
		if (result.status === "rejected") holdsNoKey(result.reason);
		for (const request of asked) {
			assert.equal(request.headers.authorization, `Bearer ${SERVICE_KEY}`);
			assert.equal(request.headers["idempotency-key"], name.endsWith("Once") ? "6f1c" : undefined);
		}
	});
}

test("nothing is taken for a verdict that is none", async (t) => {
	/** @type {Record<string, Answer>} */
	const answers = {
		"a proxy's page": { media: "text/html", body: `<html>${valid.body}` },
		nothing: { body: "" },
		"no code": { body: '{"valid":true}' },
		"valid, and refused": { body: '{"valid":true,"code":"REVOKED"}' },
		"not valid, and VALID": { body: '{"valid":false,"code":"VALID"}' },
		"valid is text": { body: '{"valid":"true","code":"VALID"}' },
		"a list": { body: '[{"valid":true,"code":"VALID"}]' },
		null: { body: "null" },
		"half an answer": { body: '{"valid":true,"code":"VAL', fault: "cut" },
		"too large an answer": { body: `{"valid":true,"code":"VALID","name":"${"x".repeat(2 << 20)}"}` },
		"no content": { status: 204 },
		"service key not valid": problem("unauthenticated", 401),
		"not allowed": denied,
		"a mistake": problem("internal", 500),
		"no judgement": busy,
		"a gateway without reasons": { status: 502, media: "text/plain", body: `bad gateway ${PRESENTED} ${SERVICE_KEY}` },
		"a problem that repeats the service key": {
			status: 400,
			media: PROBLEM,
			body: `{"code":"invalid_input","detail":"Bearer ${SERVICE_KEY}"}`,
		},
		elsewhere: { status: 307, headers: { Location: "https://evil.example.com/" } },
		silence: hang,
		"a closed door": closed,
	};
	for (const [what, answer] of Object.entries(answers)) {
		const { client } = await serve(t, [answer], { retries: 0 });
		const [result] = await Promise.allSettled([calls.verify(client)]);
		assert.equal(result.status, "rejected", what);
		if (result.status !== "rejected") continue;
		assert.ok(result.reason instanceof NoJudgementError, `${what}: ${result.reason}`);
		holdsNoKey(result.reason);
		holdsNoKey(result.reason.cause);
	}
});

test("a redirect is not followed", async (t) => {
	const other = await serve(t, [valid]);
	const { client } = await serve(t, [{ status: 307, headers: { Location: `${other.client.url}/v1/verify` } }]);
	await assert.rejects(client.show(ID), (e) => e instanceof ProblemError && /redirects are not followed/.test(e.hint));
	assert.equal(other.asked.length, 0);
});

test("nobody listens", async (t) => {
	const { client, asked } = await serve(t, [valid]);
	const gone = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => gone.once("listening", resolve));
	const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (gone.address()).port}`;
	await new Promise((resolve) => gone.close(resolve));
	const nowhere = new Client({ url, key: SERVICE_KEY, retries: 1 });
	const named = !("Deno" in globalThis); // Deno has no code for it: then the request counts as sent
	await assert.rejects(nowhere.show(ID), (e) => {
		holdsNoKey(e);
		return (
			e instanceof TransportError && e.code === (named ? "ECONNREFUSED" : "") && e.message.includes(`${url} cannot be reached`)
		);
	});
	await assert.rejects(
		calls.verify(nowhere),
		(e) => e instanceof NoJudgementError && e.cause instanceof TransportError && e.cause.sent === !named,
	);
	assert.equal(asked.length, 0);
	assert.equal((await calls.verify(client)) && asked.length, 1);
});

test("it waits as long as the server asks for", async (t) => {
	const { client } = await serve(t, [{ ...busy, headers: { "Retry-After": "1" } }, valid]);
	const start = Date.now();
	await calls.verify(client);
	assert.ok(Date.now() - start >= 1000);
});

test("it is given up when the caller says so", async (t) => {
	const { client, asked } = await serve(t, [hang], { timeout: 60_000 });
	const start = Date.now();
	await assert.rejects(client.show(ID, { signal: AbortSignal.timeout(100) }), /the request was given up/);
	const later = await serve(t, [{ ...busy, headers: { "Retry-After": "9" } }, valid]);
	const ask = { key: PRESENTED, keyspace: "acme" };
	await assert.rejects(
		later.client.verify(ask, { signal: AbortSignal.timeout(100) }),
		(e) => e instanceof NoJudgementError && e.cause instanceof ProblemError,
	);
	assert.ok(Date.now() - start < 5000);
	assert.deepEqual([asked.length, later.asked.length], [1, 1]);
});

test("a server that is slow is asked for no longer than the timeout", async (t) => {
	const { client } = await serve(t, [hang], { retries: 0, timeout: 100 });
	await assert.rejects(client.show(ID), (e) => e instanceof TransportError && /did not answer in time/.test(e.message));
});

test("a fetch that tells too much", async () => {
	const fetch = async (/** @type {any} */ _url, /** @type {any} */ init) => {
		throw Object.assign(new Error(`failed: ${JSON.stringify(init.headers)}`), { code: `E ${SERVICE_KEY}`, cause: init });
	};
	const client = new Client({ url: "https://keys.example.com", key: SERVICE_KEY, fetch, retries: 0 });
	for (const call of Object.values(calls)) {
		const [result] = await Promise.allSettled([call(client)]);
		assert.equal(result.status, "rejected");
		if (result.status === "rejected") holdsNoKey(result.reason);
	}
});

test("what is asked is not changed on its way", async (t) => {
	/** @type {any[]} */
	const seen = [];
	const fetch = async (/** @type {any} */ url, /** @type {any} */ init) => {
		seen.push([init.method, String(url), init.body && JSON.parse(init.body)]);
		return new Response('{"valid":false,"code":"NOT_FOUND"}', {
			headers: { "Content-Type": "application/json; charset=utf-8" },
		});
	};
	const client = new Client({ url: "https://keys.example.com/base/", key: SERVICE_KEY, fetch });
	await client.verify({ key: PRESENTED, keyspace: "acme", scopes: ["a:b"], cost: 3 });
	await client.list({ owner: "a b&c", limit: 5, due: true, state: "" });
	await client.children(ID, { limit: 1 });
	await client.endGrace(ID);
	await client.call("PUT", "/v1/owners/a%2Fb?keyspace=acme", { name: "x" });
	assert.deepEqual(seen, [
		["POST", "https://keys.example.com/base/v1/verify", { key: PRESENTED, keyspace: "acme", scopes: ["a:b"], cost: 3 }],
		["GET", "https://keys.example.com/base/v1/keys?owner=a+b%26c&limit=5&due=true", undefined],
		["GET", `https://keys.example.com/base/v1/keys?limit=1&parent=${ID}`, undefined],
		["POST", `https://keys.example.com/base/v1/keys/${ID}/end-grace`, { force: false }],
		["PUT", "https://keys.example.com/base/v1/owners/a%2Fb?keyspace=acme", { name: "x" }],
	]);
});

test("options that cannot be", () => {
	const good = { url: "https://keys.example.com", key: SERVICE_KEY };
	for (const changed of [
		{ key: "" },
		{ key: undefined },
		{ key: `${SERVICE_KEY}\n` },
		{ key: `Bearer ${SERVICE_KEY}` },
		{ key: "ключ" },
		{ url: "" },
		{ url: undefined },
		{ url: "keys.example.com" },
		{ url: "ftp://keys.example.com" },
		{ url: `https://${SERVICE_KEY}@keys.example.com` },
		{ url: `https://keys.example.com/?key=${SERVICE_KEY}` },
		{ url: "https://keys.example.com/#x" },
		{ timeout: 0 },
		{ timeout: -1 },
		{ timeout: NaN },
		{ timeout: Infinity },
	]) {
		assert.throws(
			() => new Client(/** @type {any} */ ({ ...good, ...changed })),
			(e) => {
				holdsNoKey(e);
				return e instanceof TypeError;
			},
		);
	}
	for (const key of ["", "a b", "x".repeat(300), "line\nbreak"]) {
		assert.rejects(new Client(good).issue({}, { idempotencyKey: key }), TypeError);
	}
});

test("a key in the place of its id is not sent in a URL", async () => {
	let sent = 0;
	const fetch = async () => {
		sent++;
		return new Response("{}", { headers: { "Content-Type": "application/json" } });
	};
	const client = new Client({ url: "https://keys.example.com", key: SERVICE_KEY, fetch });
	for (const id of [PRESENTED, "", "..", `${ID}/../..`, `${ID}\n`, undefined]) {
		const wrong = /** @type {any} */ (id);
		for (const call of [
			client.show(wrong),
			client.revoke(wrong),
			client.rotate(wrong),
			client.update(wrong, {}),
			client.children(wrong),
			client.issueChild(wrong, {}),
		]) {
			await assert.rejects(call, { name: "TypeError", message: "not a key id: expected key_ and 22 letters or digits" });
		}
	}
	assert.equal(sent, 0);
});
