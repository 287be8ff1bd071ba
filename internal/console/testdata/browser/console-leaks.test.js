// SPDX-License-Identifier: Apache-2.0

// Leaks and nodes in the console: reported, followed from exposure to end, and what is said where there is nothing to show.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter as signedIn, expected, kept, overflow, take } from "./console.js";
import { axe, shot } from "./harness.js";
import { FLAGS, HOSTILE, leak, seed } from "./seed.js";
import { start } from "./server.js";

/** @type {import("./server.js").Server} */
let server;
/** @type {any} */
let data;
/** @type {any} */
let leaks;

/** enter opens a page below /console/. */
const enter = (t, at, path, options) => signedIn(t, at, `/console/${path}`, options);

before(async () => {
	server = await start(null, { flags: FLAGS });
	data = await seed(null, server);
	leaks = await leak(server, data);
});
after(async () => {
	await data?.stop();
	await server?.stop();
});

const PAGES = () => ({
	overview: "", leaks: "leaks", leak: `leaks/${leaks.ended}`, "leak-scheduled": `leaks/${leaks.scheduled}`, "leak-publishable": `leaks/${leaks.publishable}`,
	"report-leak": "report-leak", "issue-decoy": "issue?keyspace=acme&decoy=1",
});

for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, narrow: { width: 360 } })) {
	test(`the pages of leaks are accessible and fit, ${look}`, async (t) => {
		const page = await enter(t, server, "settings", options);
		for (const [name, path] of Object.entries(PAGES())) {
			await page.goto(`${server.url}/console/${path}`);
			await page.locator("#main h1").waitFor();
			await page.waitForFunction(() => !document.querySelector("#main .waiting, #main [aria-busy=true]"));
			await axe(page);
			await shot(page, `leaks-${name}-${look}`);
			assert.equal(await overflow(page), 0, `${name} is wider than the window`);
			assert.notEqual(await page.title(), "owned");
		}
	});
}

test("leaks are listed with what was done, and filtered", async (t) => {
	const page = await enter(t, server, "leaks");
	const rows = page.getByRole("region", { name: "Leaks, table" }).locator("tbody tr");
	await rows.nth(3).waitFor();
	assert.equal(await rows.count(), 4);
	assert.match(await rows.filter({ hasText: "acme" }).innerText(), /ended[\s\S]*git\.example\.com[\s\S]*and 1 more[\s\S]*revoked[\s\S]*(at once|after the report)/);
	assert.match(await rows.filter({ hasText: "slow" }).innerText(), /open[\s\S]*to be revoked in 24 hr/);
	assert.match(await rows.filter({ hasText: "publishable" }).innerText(), /open[\s\S]*told, not revoked/);
	await page.getByLabel("State").selectOption("ended");
	await page.waitForFunction(() => document.querySelectorAll("#main .scroll[aria-label^=Leaks] tbody tr").length === 1);
	await page.getByLabel("Keyspace").selectOption("slow");
	await page.getByText("No leak fits these filters").waitFor();
	assert.match(page.url(), /state=ended/);
	assert.match(page.url(), /keyspace=slow/);
});

test("one leak is told from exposure to end, and what strangers wrote is text", async (t) => {
	const page = await enter(t, server, `leaks/${leaks.ended}`);
	const steps = page.getByRole("region", { name: "From exposure to end" }).locator("li");
	await steps.first().waitFor();
	const told = await steps.locator("strong").allInnerTexts();
	assert.equal(told[0], "Seen");
	assert.match(told.join("\n"), /The key was issued[\s\S]*Reported by key_[\s\S]*The key was revoked/);
	assert.equal(await page.locator('a[href^="javascript:"]').count(), 0);
	assert.ok(await page.getByText(HOSTILE, { exact: false }).count() > 0);
	await page.getByText(/^Since .* no node answers VALID for this key\.$/).waitFor();
	const hangs = page.getByRole("region", { name: "What hung on it" });
	for (const name of ["agent for reports", "agent for month's end"]) await hangs.getByRole("link", { name }).waitFor();
	const where = page.getByRole("region", { name: "Sightings, table" });
	assert.equal(await where.getByRole("link", { name: /git\.example\.com/ }).getAttribute("rel"), "noopener noreferrer nofollow");
	assert.equal(await page.getByRole("button", { name: "Revoke the key now" }).count(), 0);
	// What was verified is counted and written after a moment.
	const uses = page.getByRole("region", { name: "Uses since it was seen" });
	for (let i = 0; !/203\.0\.113\.0\/24/.test(await uses.innerText()); i++) {
		assert.ok(i < 40, "the uses do not name their network");
		await page.waitForTimeout(500);
		await page.reload();
		await uses.waitFor();
	}
	await uses.getByText("/v1/invoices").waitFor();
	await uses.getByRole("button", { name: "As a table" }).click();
	await uses.getByRole("columnheader", { name: "REVOKED" }).waitFor();
});

test("a leaked key that waits for its end is revoked on the page of its leak", async (t) => {
	const page = await enter(t, server, `leaks/${leaks.scheduled}`);
	await page.getByText("It will be revoked").waitFor();
	assert.ok(!(await page.content()).includes(leaks.delayed.key), "the page holds the key");
	await page.getByRole("button", { name: "Revoke the key now" }).click();
	await page.getByLabel(/to confirm/).fill("nightly job");
	await page.getByRole("button", { name: "Revoke", exact: true }).click();
	await page.getByText("The key was revoked").waitFor();
	const verdict = await server.api("POST", "/v1/verify", { key: leaks.delayed.key, keyspace: "slow" });
	assert.equal(verdict.code, "REVOKED");
});

test("a key is reported, ends, and is kept nowhere", async (t) => {
	const { key, record } = data.keys[5];
	const page = await enter(t, server, "report-leak");
	const field = page.getByLabel("The leaked key");
	await page.getByLabel("Where it was seen").fill("https://paste.example.com/" + "a".repeat(2048));
	await field.fill(key);
	await page.getByRole("button", { name: "Report it" }).click();
	await page.locator("[aria-invalid=true]").waitFor();
	assert.equal(await field.inputValue(), "");
	expected(page, /status of 400 /);
	await page.getByLabel("Where it was seen").fill("https://paste.example.com/7");
	await field.fill(key);
	await field.press("Enter");
	await page.getByText("The leaked secret is refused from now on, on every node.").waitFor();
	assert.equal(await field.inputValue(), "");
	await axe(page);
	assert.ok(!(await page.content()).includes(key) && !page.requests.some((url) => url.includes(key)), "the key is still there");
	const has = await kept(page);
	assert.deepEqual([has.local, has.session, has.cookie, has.databases, has.caches], [[], [], "", 0, 0]);
	assert.equal((await server.api("POST", "/v1/verify", { key, keyspace: "acme" })).code, "REVOKED");
	await page.getByRole("link", { name: "From exposure to end" }).click();
	await page.getByRole("heading", { level: 1, name: `Leak of ${record.name}` }).waitFor();
	await page.goto(`${server.url}/console/report-leak`);
	await field.fill(key.replace(/^acme/, "acmf"));
	await field.press("Enter");
	await page.getByText("It was not issued here, so nothing was done and nothing of it was kept.").waitFor();
});

test("a keyspace says what becomes of leaked keys, and keeps what nobody changed", async (t) => {
	const page = await enter(t, server, "keyspaces/slow");
	const section = page.getByRole("group", { name: "Leaks" });
	await section.getByLabel("After").fill("10s");
	await page.getByRole("button", { name: "Save the policy" }).click();
	await section.locator("[aria-invalid=true]").waitFor();
	expected(page, /status of 400 /);
	await section.getByLabel("After").fill("48h");
	await page.getByLabel("Every key names an owner").check();
	await page.getByRole("button", { name: "Save the policy" }).click();
	await page.getByText("Saved. It holds from now on.").waitFor();
	assert.deepEqual((await server.api("GET", "/v1/keyspaces/slow")).policy, { require_owner: true, leaks: { secret: "delay", delay: "48h" } });
	await section.getByLabel("A leaked secret key").selectOption("is revoked at once");
	await page.getByRole("button", { name: "Save the policy" }).click();
	await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
	await page.getByText("Saved. It holds from now on.").waitFor();
	assert.deepEqual((await server.api("GET", "/v1/keyspaces/slow")).policy, { require_owner: true });
});

test("a decoy is issued in the form, and its use names where it was planted", async (t) => {
	const page = await enter(t, server, "issue?keyspace=acme&decoy=1");
	await page.getByLabel("Name").fill("old deploy key");
	await page.getByLabel("Owner").fill("northwind");
	await page.getByLabel("Expires").selectOption("After a time");
	await page.getByLabel("Planted where").fill("  ");
	await page.getByRole("button", { name: "Issue the key" }).click();
	await page.locator("[aria-invalid=true]").waitFor();
	expected(page, /status of 400 /);
	await page.getByLabel("Planted where").fill(`the old wiki ${HOSTILE}`);
	await page.getByRole("button", { name: "Issue the key" }).click();
	const key = await take(page);
	await page.getByRole("button", { name: "Go to the key" }).click();
	await page.getByRole("heading", { level: 1, name: "old deploy key" }).waitFor();
	await page.getByText("Nobody has used it").waitFor();
	await axe(page);
	const verdict = await server.api("POST", "/v1/verify", { key, keyspace: "acme", client_ip: "198.51.100.77" });
	assert.deepEqual([verdict.valid, verdict.key_id ?? "", verdict.code], [false, "", "NOT_FOUND"]);
	const uses = page.getByRole("region", { name: "Uses of this decoy, table" }).locator("tbody tr");
	await uses.getByText("198.51.100.0/24").waitFor();
	assert.ok((await uses.innerText()).includes(HOSTILE));
	await page.goto(`${server.url}/console/leaks`);
	await page.getByRole("region", { name: "Decoys that were used, table" }).getByText("198.51.100.0/24").waitFor();
	await axe(page);
	await shot(page, "leaks-decoy-used");
	assert.notEqual(await page.title(), "owned");
});

test("a leak that somebody else reports appears on the list that is open", async (t) => {
	const page = await enter(t, server, "leaks?keyspace=told");
	const rows = page.getByRole("region", { name: "Leaks, table" }).locator("tbody tr");
	await rows.first().waitFor();
	await page.waitForTimeout(500); // the poll has begun
	const { key } = await server.api("POST", "/v1/keys", { keyspace: "told", name: "another" });
	await server.api("POST", "/v1/leaks", { leaks: [{ key, source: "wiki" }] });
	await rows.nth(1).waitFor();
});

test("a service key without the scopes sees no way to leaks, and one that may not report sees no button", async (t) => {
	const issue = async (/** @type {string[]} */ scopes) => (await server.api("POST", "/v1/keys", { keyspace: "keywright", name: scopes.join(" "), scopes })).key;
	const page = await enter(t, server, "leaks", { key: await issue(["leaks:read", "keys:read"]) });
	await page.getByRole("region", { name: "Leaks, table" }).waitFor();
	assert.equal(await page.getByRole("link", { name: "Report a leak" }).count(), 0);
	const other = await enter(t, server, "keys", { key: await issue(["keys:read"]) });
	assert.equal(await other.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Leaks" }).count(), 0);
});

test("a server that knows no leaks or nodes is told so plainly", async (t) => {
	const page = await enter(t, server, "settings");
	for (const [path, route, words] of [["leaks", "**/v1/leaks?*", "This server does not know leaks."], ["nodes", "**/v1/nodes", "This server does not know nodes."]]) {
		await page.route(route, (at) => at.fulfill({ status: 404, contentType: "application/problem+json", body: '{"status":404,"code":"not_found","detail":"there is no such route"}' }));
		await page.goto(`${server.url}/console/${path}`);
		await page.getByText(words).waitFor();
		await axe(page);
	}
	expected(page, /status of 404 /);
});
