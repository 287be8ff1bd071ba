// SPDX-License-Identifier: Apache-2.0

// The client before the real server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Client, NoJudgementError, ProblemError } from "../client.js";
import { start } from "./server.js";

/** @type {{ url: string, key: string, log: () => string }} */
let server;
/** @type {Client} */
let client;

/** Asks about a key of the keyspace default. @param {any} ask */
const verify = (ask) => client.verify({ keyspace: "default", ...ask });

test("the client before the real server", async (t) => {
	server = await start(t);
	client = new Client({ url: `${server.url}/`, key: server.key });
	for (const [name, scenario] of Object.entries(scenarios)) await t.test(name, scenario);
});

const scenarios = {
	async "a key from its making to its end"() {
		const { key, record } = await client.issue({ name: "ci", owner: "team_7", scopes: ["invoices:read"] });
		assert.equal(record.owner, "team_7");
		const verdict = await verify({ key, scopes: ["invoices:read"] });
		assert.equal(verdict.valid, true);
		assert.equal(verdict.code, "VALID");
		assert.equal(verdict.key_id, record.id);
		assert.equal((await client.show(record.id)).name, "ci");

		const denied = await verify({ key, scopes: ["invoices:write"] });
		assert.equal(denied.code, "INSUFFICIENT_SCOPE");
		assert.deepEqual(denied.missing_scopes, ["invoices:write"]);
		const updated = await client.update(record.id, { scopes: ["invoices:write"], metadata: { plan: "pro" } });
		assert.deepEqual(updated.scopes, ["invoices:write"]);
		const wide = await verify({ key, scopes: ["invoices:write"], include: ["metadata", "name"] });
		assert.deepEqual([wide.code, wide.metadata, wide.name], ["VALID", { plan: "pro" }, "ci"]);

		await client.disable(record.id);
		assert.equal((await verify({ key })).code, "DISABLED");
		await client.enable(record.id);
		assert.equal((await verify({ key })).code, "VALID");

		const receipt = await client.revoke(record.id, "left the team");
		assert.equal(receipt.key_id, record.id);
		assert.equal((await verify({ key })).code, "REVOKED");
		assert.equal((await client.revoke(record.id)).revoked_at, receipt.revoked_at);
	},

	async "a rotation, and the end of its grace"() {
		const { key, record } = await client.issue({});
		const rotated = await client.rotate(record.id, { grace: "1h" });
		assert.notEqual(rotated.key, key);
		assert.equal(rotated.record.id, record.id);
		assert.equal((await verify({ key })).secret, "previous");
		assert.equal((await verify({ key: rotated.key })).secret, "current");
		await assert.rejects(
			client.endGrace(record.id),
			(e) => e instanceof ProblemError && e.code === "conflict" && e.status === 409,
		);
		await client.endGrace(record.id, { force: true });
		assert.equal((await verify({ key })).valid, false);
		assert.equal((await verify({ key: rotated.key })).code, "VALID");
	},

	async "lists, page by page"() {
		const made = [];
		for (let i = 0; i < 5; i++) made.unshift((await client.issue({ owner: "lister", name: `k${i}` })).record.id);
		const page = await client.list({ owner: "lister", limit: 2 });
		assert.deepEqual(
			page.keys.map((/** @type {any} */ r) => r.id),
			made.slice(0, 2),
		);
		const found = [];
		for await (const record of client.all({ owner: "lister", limit: 2, state: undefined })) found.push(record.id);
		assert.deepEqual(found, made);
	},

	async children() {
		const { record } = await client.issue({ scopes: ["a:*", "keywright:children"] });
		const child = await client.issueChild(record.id, { name: "task", scopes: ["a:b"], expires_in: "15m" });
		assert.equal((await verify({ key: child.key, scopes: ["a:b"] })).code, "VALID");
		const { keys } = await client.children(record.id);
		assert.deepEqual(
			keys.map((/** @type {any} */ r) => [r.id, r.parent]),
			[[child.record.id, record.id]],
		);
		await client.revoke(record.id);
		assert.equal((await verify({ key: child.key })).valid, false);
	},

	async "an idempotency key makes one key of two requests"() {
		const given = { idempotencyKey: crypto.randomUUID() };
		const one = await client.issue({ owner: "twice" }, given);
		const two = await client.issue({ owner: "twice" }, given);
		assert.equal(two.repeated, true);
		assert.equal(two.key, undefined);
		assert.equal(two.record.id, one.record.id);
		assert.equal((await client.list({ owner: "twice" })).keys.length, 1);
	},

	async "a refusal is a verdict"() {
		const { key } = await client.issue({});
		const changed = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
		for (const [presented, code] of [
			[changed, "MALFORMED"],
			["", "MALFORMED"],
			[undefined, "MALFORMED"],
			[null, "MALFORMED"],
			[7, "MALFORMED"],
			["x".repeat(1025), "MALFORMED"],
			["я".repeat(600), "MALFORMED"],
			["\ud800", "MALFORMED"],
			["\ufeffkey", "MALFORMED"],
			["a\0b", "MALFORMED"],
			["default_live_000000000000_0000000000000000000000000000000000000000000000000", "MALFORMED"],
		]) {
			const verdict = await verify({ key: presented, keyspace: "default" });
			assert.deepEqual(
				[verdict.valid, verdict.code, verdict.keyspace],
				[false, code, "default"],
				String(presented).slice(0, 20),
			);
		}
	},

	async "problems say what would do"() {
		const id = "key_0DFUqXqVeEpK4nSQhDZ0mR";
		const [missing] = await Promise.allSettled([client.show(id)]);
		assert.ok(missing.status === "rejected" && missing.reason instanceof ProblemError);
		const problem = missing.reason;
		assert.deepEqual([problem.status, problem.code, problem.name], [404, "not_found", "ProblemError"]);
		assert.ok(problem.detail !== "" && problem.requestId !== "" && problem.message.startsWith(problem.detail));
		const [invalid] = await Promise.allSettled([client.issue({ environment: "nowhere" })]);
		assert.ok(invalid.status === "rejected");
		assert.deepEqual([invalid.reason.status, invalid.reason.code, invalid.reason.field], [400, "invalid_input", "environment"]);
		assert.match(invalid.reason.hint, /live/);
		await assert.rejects(verify({ key: "default_live_x", keyspace: "nowhere" }), (e) => {
			return e instanceof NoJudgementError && e.cause instanceof ProblemError && e.cause.requestId !== "";
		});
	},

	async "any other call"() {
		const made = await client.call("POST", "/v1/keyspaces", { name: "acme" });
		assert.equal(made.name, "acme");
		assert.equal((await client.call("GET", "/v1/keyspaces/acme")).name, "acme");
		assert.equal(
			await client.call("GET", "/livez").then(
				() => "answered",
				(e) => e.name,
			),
			"answered",
		);
		const { key } = await client.issue({ keyspace: "acme", environment: "test" });
		assert.equal((await verify({ key, keyspace: "acme", environment: "live" })).valid, false);
		for (const path of [
			"v1/keys",
			"//evil.example.com/v1",
			"/v1/../../x",
			"/v1/%2e%2e/x",
			"/v1/keys#x",
			"/v1/a b",
			"",
			"https://evil.example.com",
			"/ключ",
		]) {
			await assert.rejects(client.call("GET", path), TypeError, path);
		}
	},

	async "a service key that is not valid"() {
		const stranger = new Client({ url: server.url, key: `${server.key.slice(0, -8)}AAAAAAAA` });
		const { key } = await client.issue({});
		await assert.rejects(stranger.verify({ key, keyspace: "default" }), (e) => {
			return e instanceof NoJudgementError && e.cause instanceof ProblemError && e.cause.code === "unauthenticated";
		});
		await assert.rejects(stranger.issue({}), { code: "unauthenticated", status: 401 });
	},

	async "no key where it could be read"() {
		const { key } = await client.issue({});
		const shown = [
			JSON.stringify(client),
			inspect(client, { depth: 9, showHidden: true }),
			String(client),
			JSON.stringify({ client }),
			inspect({ client }),
		];
		shown.push(...Reflect.ownKeys(client).map(String), JSON.stringify(structuredClone({ ...client })));
		const failures = await Promise.allSettled([
			client.show(key),
			client.show(server.key),
			client.revoke(key),
			client.list({ parent: key }),
			client.issueChild(key, {}),
			client.issue({ owner: 7, metadata: key }),
			verify({ key, keyspace: key }),
			client.call("POST", "/v1/verify", { key, keyspace: "x" }),
		]);
		for (const f of failures) {
			assert.equal(f.status, "rejected");
			if (f.status === "rejected")
				shown.push(inspect(f.reason, { depth: 9, showHidden: true }), String(f.reason), JSON.stringify(f.reason));
		}
		for (const text of shown) assert.ok(!text.includes(server.key) && !text.includes(key), "a key can be read");
		assert.ok(!server.log().includes(key) && !server.log().includes(server.key), "a key is in the log of the server");
		assert.match(inspect(client), /^Client \{ url: "http:/);
	},
};
