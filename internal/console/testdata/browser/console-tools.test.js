// SPDX-License-Identifier: Apache-2.0

// The tools of the console: explaining a verdict, importing a file, looking after service keys.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { enter as signedIn, expected, take } from "./console.js";
import { axe } from "./harness.js";
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
	await server.api("POST", "/v1/keyspaces", { name: "home", formats: [{ name: "own", preset: "opaque" }], environments: [] });
});
after(async () => {
	await data?.stop();
	await server?.stop();
});

test("a verdict is explained check by check, and the key is kept nowhere", async (t) => {
	const page = await enter(t, server, "explain");
	const { key, record } = data.keys[17]; // whose name is markup
	assert.equal(record.name, HOSTILE);
	const ask = async (presented) => {
		await page.getByLabel("Key", { exact: true }).fill(presented);
		await page.getByRole("button", { name: "Explain" }).click();
		assert.equal(await page.getByLabel("Key", { exact: true }).inputValue(), "");
	};
	const verdict = page.getByRole("region", { name: "The verdict" });
	await page.getByLabel("Scopes, all needed").fill("users:write");
	await ask(key);
	await verdict.getByText("INSUFFICIENT_SCOPE").first().waitFor();
	await verdict.getByText("Missing: users:write").waitFor();
	assert.equal(await verdict.getByText("fails", { exact: true }).count(), 1);
	assert.equal(await verdict.getByText("passes", { exact: true }).count(), 9);
	await verdict.getByRole("link", { name: HOSTILE }).waitFor();
	await axe(page);
	assert.ok(!(await page.content()).includes(key) && !page.requests.some((url) => url.includes(key)), "the key is still there");
	await page.getByLabel("Scopes, all needed").fill("");
	await ask(data.keys[3].key);
	await verdict.getByText("The key was revoked.", { exact: true }).waitFor();
	await ask(data.keys[0].key.slice(0, -1) + "x");
	await verdict.getByText("checksum is wrong", { exact: false }).waitFor();
	await ask(data.previous);
	await verdict.getByText("its grace still runs", { exact: false }).waitFor();
	await page.getByLabel("Client address").fill("somewhere");
	await ask(key);
	await page.locator("[aria-invalid=true]").waitFor();
	assert.equal(await page.locator("[aria-invalid=true]").inputValue(), "somewhere");
	expected(page, /status of 400 /);
	assert.equal((await server.api("GET", `/v1/events?target=${record.id}`)).events.length, 1, "to explain left an event");
});

/** hash is what a table of one's own could hold. */
const hash = () => createHash("sha256").update(randomBytes(16)).digest("hex");

test("a table is tried and imported, and what was refused is told by its line", async (t) => {
	const page = await enter(t, server, "import");
	await page.getByLabel("Keyspace").selectOption("home");
	const csv = `name,metadata,hash\nfirst,,${hash()}\nsecond,"{""a"":\n1}",${hash()}\nbad,,nonsense\nlast,,${hash()}\n`;
	await page.getByLabel("File").setInputFiles({ name: "keys.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
	await page.getByRole("button", { name: "Try it: dry run" }).click();
	await page.getByText("4 lines: 3 would be accepted · 0 are there already · 1 would be refused").waitFor();
	const row = page.getByRole("region", { name: "Lines that were refused" }).locator("tbody tr");
	assert.match(await row.innerText(), /^5\s+hash\s+/);
	assert.equal((await server.api("GET", "/v1/keys?keyspace=home")).keys.length, 0);
	await axe(page);
	await page.getByRole("button", { name: "Import 3 keys" }).click();
	await page.getByText("4 lines: 3 accepted · 0 were there already · 1 refused").waitFor();
	const { keys } = await server.api("GET", "/v1/keys?keyspace=home");
	assert.deepEqual(keys.map((k) => k.name).toSorted(), ["first", "last", "second"]);
});

test("a large file is sent in slices, stopped, and gone on with", async (t) => {
	const page = await enter(t, server, "import");
	await page.getByLabel("Keyspace").selectOption("home");
	const count = 40_000;
	const lines = Array.from({ length: count }, (_, i) => (i === 30_000 ? "{" : `{"name":"imported ${i}","owner":"globex","scopes":["invoices:read"],"hash":"${hash()}"}`)).join("\n");
	await page.getByLabel("File").setInputFiles({ name: "keys.ndjson", mimeType: "application/x-ndjson", buffer: Buffer.from(lines) });
	let sent = 0;
	await page.route("**/v1/keys/import?*", async (route) => {
		sent++;
		if (sent === 2) await page.getByRole("button", { name: "Stop" }).click();
		await route.continue().catch(() => {}); // it was stopped
	});
	await page.getByRole("button", { name: "Try it: dry run" }).click();
	await page.getByText("The dry run was stopped").waitFor();
	assert.equal(sent, 2);
	await page.getByRole("button", { name: "Go on" }).click();
	await page.getByText("The dry run is at its end").waitFor({ timeout: 60_000 });
	await page.getByText("40,000 lines: 39,999 would be accepted").waitFor();
	assert.ok(sent >= 6, `the file was sent in ${sent} slices`);
	assert.match(await page.getByRole("region", { name: "Lines that were refused" }).locator("tbody tr").innerText(), /^30001\s/);
	page.errors.splice(0, page.errors.length, ...page.errors.filter((text) => !text.includes("/v1/keys/import")));
});

test("a service key is issued with a few scopes; who signs in with it sees as much; it is revoked, and its session ends", async (t) => {
	const page = await enter(t, server, "service-keys");
	await page.getByRole("button", { name: "Issue a service key" }).click();
	await page.getByLabel("Name").fill("reader");
	for (const scope of ["look at", "look at keyspaces"]) await page.getByLabel(scope, { exact: true }).check();
	await axe(page);
	await page.getByRole("button", { name: "Issue", exact: true }).click();
	const key = await take(page);
	await page.getByRole("button", { name: "Done" }).click();
	const other = await enter(t, server, "keyspaces", { key });
	const menu = other.getByRole("navigation", { name: "Console" });
	assert.equal(await menu.getByRole("link", { name: "Audit" }).count(), 0);
	assert.equal(await menu.getByRole("link", { name: "Service keys" }).count(), 0);
	assert.equal(await other.getByRole("link", { name: "Create a keyspace" }).count(), 0);
	await other.goto(`${server.url}/console/keyspaces/acme`);
	await other.getByRole("heading", { name: "Policy", exact: true }).waitFor();
	assert.ok(await other.getByLabel("Longest life of a key").isDisabled());
	assert.equal(await other.getByRole("button", { name: "Save the policy" }).count(), 0);
	await page.getByRole("button", { name: "Revoke reader" }).click();
	await page.getByLabel(/to confirm/).fill("reader");
	await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
	await page.getByRole("region", { name: "Service keys" }).getByText("revoked").waitFor();
	await other.goto(`${server.url}/console/keyspaces`);
	await other.getByRole("heading", { name: "Sign in" }).waitFor();
	expected(other, /status of 401 /);
});

test("settings tell who is signed in and how the server is; to sign out everywhere ends the sessions of another window", async (t) => {
	const other = await enter(t, server, "settings");
	const page = await enter(t, server, "settings");
	await page.getByText("ready for them").waitFor();
	await page.getByText("All keys can be looked up").waitFor();
	await page.getByRole("button", { name: "Sign out everywhere" }).click();
	await page.getByRole("heading", { name: "Sign in" }).waitFor();
	await other.reload();
	await other.getByRole("heading", { name: "Sign in" }).waitFor();
	expected(other, /status of 401 /);
});
