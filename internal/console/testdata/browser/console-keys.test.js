// SPDX-License-Identifier: Apache-2.0

// Keys in the console: issued, found, changed, rotated, ended.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, shot } from "./harness.js";
import { enter, expected, kept, overflow, take, anotherTab } from "./console.js";
import { start } from "./server.js";

/** @type {any} */
let server;
before(async () => {
	server = await start(null);
	await server.api("POST", "/v1/keyspaces", { name: "acme", policy: { roles: { reader: ["invoices:read"] }, key_limits: [{ name: "requests", limit: 100, window: "1m", auto: true }] } });
});
after(() => server.stop());

const issue = async (/** @type {any} */ given) => server.api("POST", "/v1/keys", { keyspace: "acme", scopes: ["invoices:read"], ...given });
const verify = (/** @type {string} */ key, more = {}) => server.api("POST", "/v1/verify", { key, keyspace: "acme", ...more });

test("a key is issued, shown once, and kept nowhere", async (t) => {
	const page = await enter(t, server, "/console/issue?keyspace=acme");
	await page.getByLabel("Name").fill("deploy");
	await page.getByLabel("Owner").fill("team_7");
	await page.getByLabel("Scopes").fill("invoices:write");
	await page.getByLabel("Scopes").press("Enter");
	await page.getByLabel("reader").check();
	await page.getByLabel("Expires").selectOption("After a time");
	await page.getByLabel("After", { exact: true }).fill("30d");
	await page.getByText("Metadata", { exact: true }).first().click();
	await page.locator("textarea").fill('{"team": "billing"}');
	await axe(page);
	await page.getByRole("button", { name: "Issue the key" }).click();
	await page.waitForSelector(".secretbox");
	assert.match(await page.locator("output.secret").innerText(), /^acme_live_•+$/);
	assert.equal(await page.getByRole("button", { name: "Go to the key" }).isDisabled(), true);
	await axe(page);
	await shot(page, "console-issued");

	await page.getByRole("link", { name: "Keys", exact: true }).click();
	await page.getByRole("dialog", { name: "Leave this page?" }).getByRole("button", { name: "Stay" }).click();
	const key = await take(page);
	const verdict = await verify(key, { scopes: ["invoices:read", "invoices:write"], include: ["name", "metadata"] });
	assert.deepEqual([verdict.code, verdict.name, verdict.owner, verdict.metadata], ["VALID", "deploy", "team_7", { team: "billing" }]);

	await page.getByRole("button", { name: "Go to the key" }).click();
	await page.getByRole("heading", { level: 1, name: "deploy" }).waitFor();
	assert.equal((await page.content()).includes(key), false, "the key is still in the page");
	assert.equal(page.url().includes(key), false);
	const has = await kept(page);
	assert.deepEqual([has.local, has.session, has.cookie, has.databases, has.caches], [[], [], "", 0, 0]);
	assert.ok(has.cookies.length === 1 && has.cookies[0].httpOnly && has.cookies[0].sameSite === "Strict");
});

test("problems of the server stand at their fields, and nothing typed is lost", async (t) => {
	await server.api("POST", "/v1/keyspaces", { name: "strict", policy: { require_owner: true, max_life: "720h", allowed_scopes: ["orders:*"] } });
	const page = await enter(t, server, "/console/issue?keyspace=strict");
	await page.getByLabel("Name").fill("kept");
	await page.getByLabel("Expires").selectOption("After a time");
	await page.getByLabel("After", { exact: true }).fill("90d");
	await page.getByRole("button", { name: "Issue the key" }).click();
	const wrong = page.locator("[aria-invalid=true]");
	await wrong.waitFor();
	const described = await wrong.evaluate((el) => (el.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent).join(" "));
	assert.match(described, /owner|720h|expires/i);
	assert.equal(await page.getByLabel("Name").inputValue(), "kept");
	await page.locator("summary", { hasText: "Metadata" }).click();
	await page.locator("textarea").fill("[1");
	await page.getByText("This is not JSON").waitFor();
	await page.locator("textarea").fill(JSON.stringify({ long: "x".repeat(70_000) }));
	await page.getByText("at most 64 KB; this is 69 KB").waitFor();
	expected(page, /status of 400/);
});

test("keys are found, filtered and paged, and the address bar tells how", async (t) => {
	await server.api("POST", "/v1/keyspaces", { name: "many" });
	const made = [];
	for (let i = 0; i < 120; i++) made.push(await server.api("POST", "/v1/keys", { keyspace: "many", name: `job ${i}`, owner: i % 2 ? "odd" : "even", ...(i < 3 && { expires_in: "48h" }) }));
	const page = await enter(t, server, "/console/keys?keyspace=many");
	const names = () => page.locator("tbody th a").allInnerTexts();
	await page.getByText("50 keys on this page, more follow").waitFor();
	assert.equal((await names())[0], "job 119");
	await axe(page);
	await page.getByRole("button", { name: "Next" }).click();
	await page.getByRole("link", { name: "job 69", exact: true }).waitFor();
	await page.getByRole("button", { name: "Next" }).click();
	await page.getByText("20 keys on this page, the last ones").waitFor();
	assert.equal(await page.getByRole("button", { name: "Next" }).isDisabled(), true);
	await page.goBack();
	await page.getByRole("link", { name: "job 69", exact: true }).waitFor();

	await page.getByLabel("Exact owner").fill("odd");
	await page.waitForURL(/owner=odd/);
	await page.getByRole("link", { name: "job 119" }).waitFor();
	await page.getByRole("link", { name: "job 118" }).waitFor({ state: "detached" });
	assert.ok(!page.url().includes("cursor="), "a filter begins at the first page");
	await page.getByLabel("Exact owner").fill("");
	await page.getByLabel("Expires", { exact: true }).selectOption("Within 7 days, or ended");
	await page.getByText("3 keys on this page").waitFor();
	assert.deepEqual(await names(), ["job 2", "job 1", "job 0"]);
	await page.reload();
	await page.getByText("3 keys on this page").waitFor();
	await page.getByRole("button", { name: "Clear" }).click();
	await page.getByLabel("Order").selectOption("Oldest first");
	await page.getByText("50 keys on this page, more follow").waitFor();
	await page.waitForFunction(() => document.querySelector("tbody th a")?.textContent === "job 0");

	await page.getByLabel("Public or key id").fill(made[5].record.public_id);
	await page.getByText("1 key on this page").waitFor();
	const before = page.url();
	await page.getByLabel("Public or key id").fill(made[6].key);
	await page.getByText("This looks like a whole key").waitFor();
	await page.waitForTimeout(600);
	assert.equal(page.url(), before);
	assert.ok(!page.requests.some((url) => url.includes(made[6].key)), "a key was put into an address");
	await page.getByLabel("Public or key id").fill("");
	await page.getByLabel("Name or owner").fill("nobody has this");
	await page.getByText("No key fits these filters").waitFor();
});

test("many keys are disabled at once, after a dry run and a typed confirmation", async (t) => {
	await server.api("POST", "/v1/keyspaces", { name: "bulk" });
	for (const owner of ["a", "a", "b"]) await server.api("POST", "/v1/keys", { keyspace: "bulk", name: "of " + owner, owner });
	const states = async () => (await server.api("GET", "/v1/keys?keyspace=bulk")).keys.map((/** @type {any} */ k) => k.owner + " " + k.state).sort();
	const page = await enter(t, server, "/console/keys?keyspace=bulk&owner=a");
	await page.getByRole("button", { name: "Act on all of these" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("button", { name: "Dry run" }).click();
	const act = dialog.getByRole("button", { name: "disable 2 keys" });
	await act.waitFor();
	assert.equal(await act.isDisabled(), true);
	await axe(page);
	assert.deepEqual(await states(), ["a active", "a active", "b active"]);
	await dialog.getByRole("textbox").fill("disable 2 keys");
	await act.click();
	await dialog.getByText("2 of 2 keys disabled").waitFor();
	assert.deepEqual(await states(), ["a disabled", "a disabled", "b active"]);
	await dialog.getByRole("button", { name: "Close" }).click();
	await page.locator("tbody").getByText("disabled").first().waitFor();
});

test("an edit sends what was changed, and tells what somebody else changed meanwhile", async (t) => {
	const { record } = await issue({ name: "edited", owner: "first" });
	const page = await enter(t, server, "/console/keys/" + record.id);
	await page.getByRole("button", { name: "Edit", exact: true }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("Name (optional)").fill("mine");
	await server.api("PATCH", "/v1/keys/" + record.id, { name: "theirs", owner: "second" });
	await axe(page);
	await dialog.getByRole("button", { name: "Save", exact: true }).click();
	await dialog.getByText("Somebody else changed this key").waitFor();
	assert.equal(await dialog.getByLabel("Name (optional)").inputValue(), "mine");
	assert.equal((await server.api("GET", "/v1/keys/" + record.id)).name, "theirs");
	await dialog.getByRole("button", { name: "Save mine over it" }).click();
	await page.getByRole("heading", { level: 1, name: "mine" }).waitFor();
	const now = await server.api("GET", "/v1/keys/" + record.id);
	assert.deepEqual([now.name, now.owner], ["mine", "second"], "what was not edited stays as it is");
});

test("a rotation shows the new key, then who uses the old one, and ends its grace", async (t) => {
	const { key: old, record } = await issue({ name: "rotated" });
	const page = await enter(t, server, `/console/keys/${record.id}/rotate`);
	await axe(page);
	await page.getByLabel("lives on for a time").check();
	await page.getByLabel("For", { exact: true }).fill("2h");
	await page.getByRole("button", { name: "Rotate", exact: true }).click();
	const fresh = await take(page);
	assert.notEqual(fresh, old);
	await page.getByRole("button", { name: "Stored: go on" }).click();
	await page.getByText("Not used since the rotation").waitFor();
	assert.equal((await verify(old, { client_ip: "192.0.2.44" })).secret, "previous");
	await page.getByText("Still used since the rotation").waitFor({ timeout: 15_000 });
	await page.getByText("192.0.2.44").first().waitFor();
	await shot(page, "console-rotate");
	await axe(page);

	await page.getByRole("button", { name: "End the grace now" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("button", { name: "End the grace", exact: true }).click();
	await dialog.getByText("An old secret was used at").waitFor();
	assert.equal((await verify(old)).valid, true);
	await dialog.getByLabel("Even if an old secret was used").check();
	await dialog.getByRole("button", { name: "End the grace", exact: true }).click();
	await dialog.waitFor({ state: "detached" });
	assert.equal((await verify(old)).valid, false);
	assert.equal((await verify(fresh)).valid, true);
	expected(page, /status of 409/);
});

test("two tabs that rotate one key make one new secret; the second is told the way out", async (t) => {
	const { record } = await issue({ name: "twice" });
	const page = await enter(t, server, `/console/keys/${record.id}/rotate`);
	const second = await anotherTab(page, page.url());
	await page.getByRole("button", { name: "Rotate", exact: true }).click();
	await take(page);
	await second.getByRole("button", { name: "Rotate", exact: true }).click();
	await second.getByText("Somebody rotated it a moment ago").waitFor({ timeout: 10_000 });
	const now = await server.api("GET", "/v1/keys/" + record.id);
	assert.equal(now.secrets.length, 2);
	await second.getByText("The grace of the last rotation still runs").waitFor();
	await second.getByText("End it first, or force").waitFor();
	await second.getByRole("button", { name: "End the grace now" }).waitFor();
});

test("a revocation wants the name typed, and returns its receipt in words", async (t) => {
	const { key, record } = await issue({ name: "leaked one" });
	const page = await enter(t, server, "/console/keys/" + record.id);
	await page.getByRole("button", { name: "Revoke" }).click();
	const dialog = page.getByRole("dialog");
	const revoke = dialog.getByRole("button", { name: "Revoke" });
	assert.equal(await revoke.isDisabled(), true);
	await dialog.getByLabel("Reason").fill("seen in a public repository");
	await dialog.getByLabel("Type").fill("leaked");
	assert.equal(await revoke.isDisabled(), true);
	await dialog.getByLabel("Type").fill("leaked one");
	await axe(page);
	await revoke.click();
	await page.getByText(/Since .* UTC no node answers VALID for this key/).waitFor();
	assert.equal((await verify(key)).code, "REVOKED");
	await page.getByText("seen in a public repository").first().waitFor();
	assert.equal(await page.getByRole("button", { name: "Revoke" }).count(), 0);
});

test("names and metadata are text, whatever they hold", async (t) => {
	const names = [`<img src=x onerror="document.title='owned'">`, "مفتاح الإنتاج", "invoice \u202Etxt.exe", "🔑 👩‍👩‍👧 " + "x".repeat(180)];
	const made = [];
	for (const name of names) made.push((await issue({ name, owner: "<script>1</script>", metadata: { [name]: "</pre>" + "z".repeat(60_000) } })).record);
	for (const width of [360, 1280]) {
		const page = await enter(t, server, "/console/keys?keyspace=acme&owner=" + encodeURIComponent("<script>1</script>"), { width, colorScheme: width === 360 ? "dark" : "light" });
		await page.getByText("4 keys on this page").waitFor();
		assert.equal(await page.locator("main img, main script").count(), 0);
		assert.ok((await page.locator("tbody").innerText()).includes("invoice ⟨U+202E⟩txt.exe"));
		assert.equal(await overflow(page), 0);
		for (const record of made) {
			await page.goto(`${server.url}/console/keys/${record.id}`);
			await page.getByRole("region", { name: "Metadata as JSON" }).waitFor();
			assert.equal(await page.locator("main img, main script").count(), 0);
			assert.equal(await overflow(page), 0, `${record.name} at ${width}`);
			assert.notEqual(await page.title(), "owned");
		}
		await shot(page, "console-hostile-" + width);
	}
});
