// SPDX-License-Identifier: Apache-2.0

// The pages of a team, over a server with a team's data.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter as signedIn, expected, overflow } from "./console.js";
import { axe, shot } from "./harness.js";
import { FLAGS, HOSTILE, seed } from "./seed.js";
import { start } from "./server.js";

/** @type {import("./server.js").Server} */
let server;
/** @type {any} */
let data;

/** enter opens a page below /console/. */
const enter = (t, at, path, options) => signedIn(t, at, `/console/${path}`, options);

before(async () => {
	server = await start(null, { flags: FLAGS });
	data = await seed(null, server);
});
after(async () => {
	await data?.stop();
	await server?.stop();
});

const PAGES = () => ({
	keyspaces: "keyspaces", keyspace: "keyspaces/acme", "create-keyspace": "create-keyspace", owners: "owners?keyspace=acme", owner: "owners/acme/northwind",
	audit: "audit", chain: "chain", webhooks: "webhooks", webhook: `webhooks/${data.webhook.id}`, "create-webhook": "create-webhook", explain: "explain", import: "import",
	"service-keys": "service-keys", settings: "settings",
});

for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, narrow: { width: 360 } })) {
	test(`every page is accessible and fits, ${look}`, async (t) => {
		const page = await enter(t, server, "settings", options);
		for (const [name, path] of Object.entries(PAGES())) {
			await page.goto(`${server.url}/console/${path}`);
			await page.locator("#main h1").waitFor();
			await page.waitForFunction(() => !document.querySelector("#main .waiting, #main [aria-busy=true]"));
			await axe(page);
			await shot(page, `team-${name}-${look}`);
			assert.equal(await overflow(page), 0, `${name} is wider than the window`);
			assert.notEqual(await page.title(), "owned");
		}
	});
}

test("a keyspace is created, and the server's problem stands at its field", async (t) => {
	const page = await enter(t, server, "create-keyspace");
	await page.getByLabel("Name", { exact: true }).fill("Not A Name");
	await page.getByRole("button", { name: "Create the keyspace" }).click();
	await page.locator("[aria-invalid=true]").waitFor();
	assert.equal(await page.locator("[aria-invalid=true]").inputValue(), "Not A Name");
	expected(page, /status of 400 /);
	await page.getByLabel("Name", { exact: true }).fill("shop");
	await page.getByLabel("Choose how its keys are written").check();
	await page.getByLabel("Keys", { exact: true }).selectOption("secret-key");
	await page.getByText("Looks like sk_live_").waitFor();
	await page.getByRole("button", { name: "Create the keyspace" }).click();
	await page.getByRole("heading", { name: "Keyspace shop" }).waitFor();
	assert.equal((await server.api("GET", "/v1/keyspaces/shop")).formats[0].preset, "secret-key");
});

test("a policy is changed, and what was not touched stays as it was", async (t) => {
	const before = (await server.api("GET", "/v1/keyspaces/acme")).policy;
	const page = await enter(t, server, "keyspaces/acme");
	await page.getByLabel("Longest life of a key").fill("soon");
	await page.getByRole("button", { name: "Save the policy" }).click();
	await page.locator("[aria-invalid=true]").waitFor();
	assert.equal(await page.locator("[aria-invalid=true]").inputValue(), "soon");
	expected(page, /status of 400 /);
	await page.getByLabel("Longest life of a key").fill("9000h");
	const limits = page.getByRole("group", { name: "limit 1" }).first();
	await limits.getByLabel("Units").fill("0");
	await page.getByRole("button", { name: "Save the policy" }).click();
	await page.getByText("Is not between 1 and 1,000,000,000", { exact: false }).or(page.getByText("is not between 1 and 1,000,000,000")).first().waitFor();
	assert.equal(await limits.getByLabel("Units").getAttribute("aria-invalid"), "true");
	expected(page, /status of 400 /);
	await limits.getByLabel("Units").fill("700");
	await page.getByRole("button", { name: "Add a role" }).click();
	const role = page.getByRole("group", { name: "role 3" });
	await role.getByLabel("Name").fill("auditor");
	await role.getByLabel("Scopes").fill("users:read invoices:read");
	await page.getByRole("button", { name: "Save the policy" }).click();
	await page.getByText("Saved. It holds from now on.").waitFor();
	const { policy } = await server.api("GET", "/v1/keyspaces/acme");
	assert.deepEqual(policy, {
		...before, max_life: policy.max_life, key_limits: [{ ...before.key_limits[0], limit: 700 }], roles: { ...before.roles, auditor: ["users:read", "invoices:read"] },
	});
});

test("the audit page follows the chain while somebody types, and loses nothing", async (t) => {
	const page = await enter(t, server, "audit");
	await page.getByRole("region", { name: "Events" }).waitFor();
	const field = page.getByLabel("To (id or name)");
	await field.fill("half a wo");
	await page.waitForTimeout(500); // the poll has begun
	await server.api("POST", `/v1/keys/${data.keys[7].id}/disable`);
	await page.locator("tbody tr").first().getByText("key.disable").waitFor();
	assert.equal(await field.inputValue(), "half a wo");
	assert.ok(await field.evaluate((input) => input === document.activeElement), "the field has lost the focus");
	await field.fill(data.keys[1].id);
	await field.press("Enter");
	await page.waitForURL(/target=/);
	await page.locator("tbody tr").first().getByText("key.rotate").waitFor();
	assert.equal(await page.locator("tbody tr").count(), 2);
	const saved = page.waitForEvent("download");
	await page.getByRole("button", { name: "Download these" }).click();
	const lines = (await read(await saved)).trim().split("\n").map((line) => JSON.parse(line));
	assert.deepEqual(lines.map((event) => event.verb), ["key.rotate", "key.issue"]);
	await page.getByRole("button", { name: /key\.rotate/ }).click();
	await page.getByRole("dialog").getByText("grace", { exact: false }).first().waitFor();
	await axe(page);
	await page.keyboard.press("Escape");
	assert.equal(await page.getByRole("dialog").count(), 0);
});

test("the key list shows a revoke that somebody else did", async (t) => {
	const page = await enter(t, server, `keys/${data.keys[8].id}`);
	await page.getByRole("button", { name: "Revoke" }).waitFor();
	await page.waitForTimeout(500);
	await server.api("POST", `/v1/keys/${data.keys[8].id}/revoke`, { reason: "elsewhere" });
	await page.getByText("elsewhere").first().waitFor();
});

test("the chain is walked, and a checkpoint signed and asked for again", async (t) => {
	const page = await enter(t, server, "chain");
	await page.getByRole("button", { name: "Walk the chain" }).click();
	await page.getByText("The chain is whole").waitFor();
	await page.getByRole("button", { name: "Sign a checkpoint" }).click();
	await page.getByText("Signed: all events up to").waitFor();
	const saved = page.waitForEvent("download");
	await page.getByRole("button", { name: /^Download checkpoint/ }).first().click();
	const checkpoint = JSON.parse(await read(await saved));
	checkpoint.hash = checkpoint.hash.replace(/./, (c) => (c === "0" ? "1" : "0"));
	await page.getByLabel("Checkpoints that were kept elsewhere").setInputFiles({ name: "kept.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(checkpoint)) });
	await page.getByRole("button", { name: "Walk the chain past 1 checkpoint" }).click();
	await page.getByText(/The chain breaks at event/).waitFor();
	await axe(page);
});

test("a webhook is created with a secret that is shown once, and its failed deliveries are sent again", async (t) => {
	const page = await enter(t, server, "create-webhook");
	await page.getByLabel("URL").fill("ftp://nowhere");
	await page.getByRole("button", { name: "Create", exact: true }).click();
	await page.locator("[aria-invalid=true]").waitFor();
	expected(page, /status of 400 /);
	await page.getByLabel("URL").fill("https://hooks.example.com/new");
	await page.getByLabel("Name").fill(HOSTILE);
	await page.getByLabel("Events").fill("audit.prune"); // of which there will be none
	await page.getByRole("button", { name: "Create", exact: true }).click();
	const box = page.getByRole("region", { name: /signing secret/ });
	assert.doesNotMatch(await box.innerText(), /whsec_\w{8}/);
	await box.getByRole("button", { name: "Show" }).click();
	assert.match(await box.locator("output").innerText(), /^whsec_[\w+/=]{40,}$/);
	await axe(page);
	await page.getByLabel("I have stored it").check();
	await page.getByRole("button", { name: "Go to the webhook" }).click();
	await page.getByText("works", { exact: true }).waitFor();
	assert.doesNotMatch(await page.locator("body").innerText(), /whsec_/);
	assert.notEqual(await page.title(), "owned");
	await page.goto(`${server.url}/console/webhooks/${data.webhook.id}`);
	await page.getByText("answered 503").first().waitFor();
	const before = data.received().length;
	await page.getByRole("checkbox", { name: /^Choose event/ }).first().check();
	await page.getByRole("button", { name: "Send again (1)" }).click();
	await page.getByText("1 delivery will be sent again now.").waitFor();
	for (let i = 0; data.received().length === before; i++) {
		assert.ok(i < 100, "nothing was sent");
		await page.waitForTimeout(50);
	}
});

test("credits of an owner are added, and the ledger tells it", async (t) => {
	const page = await enter(t, server, "owners/acme/globex");
	await page.getByRole("button", { name: "Change the credits" }).click();
	await page.getByRole("dialog").getByLabel("Credits").fill("500");
	await axe(page);
	await page.getByRole("button", { name: "Save", exact: true }).click();
	await page.getByRole("region", { name: "Ledger" }).getByText("+500").waitFor();
	await page.getByRole("button", { name: "Add a limit" }).click();
	const row = page.getByRole("group", { name: "limit 1" });
	await row.getByLabel("Name").fill("requests");
	await row.getByLabel("Units").fill("many");
	await page.getByRole("button", { name: "Save the limits" }).click();
	await page.locator("[aria-invalid=true]").waitFor();
	assert.equal(await page.locator("[aria-invalid=true]").inputValue(), "many");
	expected(page, /status of 400 /);
	await row.getByLabel("Units").fill("90");
	await page.getByRole("button", { name: "Save the limits" }).click();
	await page.getByText("requests: 90 in 1 minute").waitFor();
});

/** read returns what a download holds. */
async function read(download) {
	const parts = [];
	for await (const part of await download.createReadStream()) parts.push(part);
	return Buffer.concat(parts).toString();
}
