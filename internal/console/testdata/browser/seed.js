// SPDX-License-Identifier: Apache-2.0

// What a team's server could hold: two keyspaces with policies, forty keys in every state, children, usage, and a webhook
// whose receiver refuses.

import { createServer } from "node:http";
import { once } from "node:events";

/** The flags of a server whose webhooks may reach the receiver on this machine. */
export const FLAGS = ["--webhook-allow-http", "--webhook-allow-network", "127.0.0.0/8"];

/** A name that is markup: a page that shows it as anything but text is broken. */
export const HOSTILE = `<img src=x onerror="document.title='owned'">`;

const OWNERS = ["northwind", "globex", "initech", "umbrella", "hooli", "stark"];
const JOBS = ["ci", "billing sync", "nightly export", "mobile backend", "partner feed", "status page", "search indexer", "support desk"];
const SCOPES = [["invoices:read"], ["invoices:read", "invoices:write"], ["documents.*"], ["users:read"], ["invoices:*", "users:read"]];
const DAY = 24 * 60 * 60 * 1000;

const ACME = {
	name: "acme",
	policy: {
		max_life: "8760h", require_owner: true, allowed_scopes: ["invoices:*", "documents.*", "users:*"],
		roles: { reader: ["invoices:read", "users:read"], clerk: ["invoices:*"] },
		key_limits: [{ name: "requests", limit: 600, window: "1m", burst: 100, auto: true }],
		owner_limits: [{ name: "all-keys", limit: 5000, window: "1h", auto: true }],
		rotation: { every: "2160h", warn: "168h", grace: "24h" },
		routes: [{ method: "GET", path: "/v1/invoices", scopes: ["invoices:read"] }, { path: "/v1/reports", scopes: ["documents.read"], cost: 5 }],
	},
};

/**
 * @typedef {object} Seeded
 * @property {{id: string, key: string, record: any}[]} keys as they were issued: forty of acme
 * @property {any} parent a record with two children
 * @property {any} rotated a record with a secret in grace
 * @property {string} previous the key that the rotation replaced
 * @property {any} webhook
 * @property {() => {url: string, body: string}[]} received what the receiver was sent
 */

/**
 * Fills a server that was started with FLAGS.
 * @param {{after: (f: () => Promise<void>) => void} | null} t the test at whose end the receiver stops
 * @param {import("./server.js").Server} server
 * @returns {Promise<Seeded & {stop: () => Promise<void>}>}
 */
export async function seed(t, server) {
	const { api } = server;
	await api("POST", "/v1/keyspaces", ACME);
	await api("POST", "/v1/keyspaces", { name: "partners", formats: [{ name: "secret", preset: "secret-key" }, { name: "publishable", preset: "publishable-key" }], environments: ["live"] });
	const receiver = await refuse(t);
	const { webhook } = await api("POST", "/v1/webhooks", { name: "billing", url: receiver.url, verbs: ["key.*"], keyspaces: ["acme"] });
	await api("POST", "/v1/webhooks", { name: "search index", url: "https://hooks.example.com/keys", verbs: ["key.revoke", "key.disable"] })
		.then((made) => api("POST", `/v1/webhooks/${made.webhook.id}/disable`));
	for (const [i, owner] of OWNERS.slice(0, 4).entries()) {
		await api("PUT", `/v1/owners/${owner}?keyspace=acme`, { credits: { remaining: 1000 * (i + 1), refill: { amount: 1000, day: 1, mode: "reset" } } });
	}
	await api("PUT", `/v1/owners/stark?keyspace=acme`, { limits: [{ name: "all-keys", limit: 50, window: "1m", auto: true }] });
	const keys = await issue(api);
	const parent = keys[0].record;
	for (const [name, scopes] of [["agent for reports", ["invoices:read"]], ["agent for month's end", ["invoices:read"]]]) {
		await api("POST", `/v1/keys/${parent.id}/children`, { name, scopes, expires_in: "12h" });
	}
	const states = await change(api, keys);
	await use(api, keys);
	return { keys, parent, ...states, webhook, received: receiver.received, stop: receiver.stop };
}

/** issue issues forty keys: for several owners, with roles, limits, credits, ends, networks. */
async function issue(api) {
	const made = [];
	for (let i = 0; i < 40; i++) {
		const { key, record } = await api("POST", "/v1/keys", {
			keyspace: "acme", environment: i % 5 === 4 ? "test" : "live",
			name: i === 17 ? HOSTILE : `${JOBS[i % JOBS.length]}${i < JOBS.length ? "" : ` ${1 + Math.floor(i / JOBS.length)}`}`,
			owner: OWNERS[i % OWNERS.length], scopes: i % 7 === 6 ? [] : SCOPES[i % SCOPES.length], roles: i % 7 === 6 ? ["reader"] : [],
			...i % 9 === 3 && { credits: { remaining: 250, refill: { amount: 100, every: "24h" } } },
			expires_in: i % 6 === 1 ? `${2 + i}d` : "360d",
			...i % 8 === 5 && { allowed_networks: ["10.0.0.0/8", "192.0.2.0/24"], allowed_paths: ["/v1/invoices"] },
			...i % 10 === 9 && { not_before: new Date(Date.now() + 3 * DAY).toISOString() },
			...i === 2 && { metadata: { team: "payments", ticket: "OPS-1423" } },
		});
		made.push({ id: record.id, key, record });
	}
	return made;
}

/** change revokes, disables and rotates some of them. */
async function change(api, keys) {
	await api("POST", `/v1/keys/${keys[3].id}/revoke`, { reason: "leaked in a public repository" });
	await api("POST", `/v1/keys/${keys[11].id}/revoke`, { reason: "the partner left" });
	for (const i of [6, 20]) await api("POST", `/v1/keys/${keys[i].id}/disable`);
	const rotated = await api("POST", `/v1/keys/${keys[1].id}/rotate`, { grace: "24h" });
	const previous = keys[1].key;
	keys[1] = { ...keys[1], key: rotated.key, record: rotated.record };
	return { rotated: rotated.record, previous };
}

/** use verifies keys, so that there is usage: most are valid, some are refused. */
async function use(api, keys) {
	const asks = keys.flatMap(({ key, record }, i) => Array.from({ length: 3 + 7 * (i % 4) }, (_, n) => ({
		key, keyspace: "acme", environment: record.environment, client_ip: `10.1.${i}.${n + 1}`, method: "GET", path: "/v1/invoices",
		...n % 5 === 4 && { scopes: ["users:write"] },
	})));
	await api("POST", "/v1/verify/batch", asks.map((ask) => JSON.stringify(ask)).join("\n"));
}

/**
 * What a team meets after it has planted its keys where they must not be: a leak that ended at once, one that ends tomorrow, one
 * that is only told, and a publishable key.
 * @param {import("./server.js").Server} server that holds what seed put there
 * @param {Seeded} data
 */
export async function leak({ api }, { keys }) {
	await api("POST", "/v1/keyspaces", { name: "slow", policy: { leaks: { secret: "delay", delay: "24h" } } });
	await api("POST", "/v1/keyspaces", { name: "told", policy: { leaks: { secret: "report" } } });
	const others = [];
	for (const given of [{ keyspace: "slow", name: "nightly job" }, { keyspace: "told", name: "console of the support" }, { keyspace: "partners", format: "publishable", name: "web shop", scopes: ["prices:read"] }]) {
		others.push(await api("POST", "/v1/keys", { owner: "globex", ...given }));
	}
	const [delayed, told, publishable] = others;
	const found_at = new Date(Date.now() - 5 * 60 * 60 * 1000).toISOString();
	const at = "https://git.example.com/northwind/billing-service/src/branch/main/config/production.py";
	const { results } = await api("POST", "/v1/leaks", { leaks: [
		{ key: keys[0].key, url: `${at}#L42`, source: "commit", found_at },
		{ key: keys[0].key, url: "javascript:document.title='owned'", source: HOSTILE },
		{ key: delayed.key, url: `${at}?token=${delayed.key}`, source: "commit", found_at },
		{ key: told.key, source: "ticket" },
		{ key: publishable.key, url: "https://shop.example.com/app.js", source: "page" },
	] });
	const verdict = (/** @type {any} */ { key, record }) => ({ key, keyspace: record.keyspace, client_ip: "203.0.113.9", path: "/v1/invoices" });
	await api("POST", "/v1/verify/batch", [keys[0], keys[0], delayed].map((k) => JSON.stringify(verdict(k))).join("\n"));
	return { ended: results[0].leak_id, scheduled: results[2].leak_id, told: results[3].leak_id, publishable: results[4].leak_id, delayed };
}

/** refuse is a receiver that answers 503, so that deliveries fail. */
async function refuse(t) {
	const got = [];
	const receiver = createServer((request, response) => {
		let body = "";
		request.setEncoding("utf8").on("data", (text) => { body += text; }).on("end", () => {
			got.push({ url: request.url, body });
			response.writeHead(503).end("closed for the night");
		});
	}).listen(0, "127.0.0.1");
	await once(receiver, "listening");
	const stop = async () => {
		receiver.closeAllConnections();
		receiver.close();
	};
	t?.after(stop);
	return { url: `http://127.0.0.1:${receiver.address().port}/keys`, received: () => got, stop };
}
