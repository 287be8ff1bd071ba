// SPDX-License-Identifier: Apache-2.0

// Signing in to the console, and what happens to work that was begun when a session or a server ends.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { axe, open, shot } from "./harness.js";
import { anotherTab, enter, expected, kept, overflow, signIn, take } from "./console.js";
import { start } from "./server.js";

/** @type {any} */
let server;
before(async () => {
	server = await start(null);
});
after(() => server.stop());

const called = async (/** @type {string} */ name) => (await server.api("GET", "/v1/keys?q=" + name)).keys;
const endSessions = () => server.api("DELETE", "/v1/sessions?all=true");

test("a service key is exchanged for a cookie and kept nowhere", async (t) => {
	const page = await open(t, server.url + "/console/keys");
	const field = page.getByLabel("Service key");
	await field.waitFor();
	await axe(page);
	assert.equal(await field.getAttribute("type"), "password");
	await signIn(page, "keywright_" + "0".repeat(62));
	await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
	assert.equal(await field.inputValue(), "", "the field is emptied at once");
	expected(page, /status of 401/);
	await signIn(page, server.key);
	await page.getByRole("heading", { level: 1, name: "Keys" }).waitFor();
	assert.ok(page.url().endsWith("/console/keys"), "signing in leads to the page that was asked for");
	const has = await kept(page);
	assert.deepEqual([has.local, has.session, has.cookie, has.databases, has.caches], [[], [], "", 0, 0]);
	assert.ok(has.cookies.every((c) => c.httpOnly && c.sameSite === "Strict" && !server.key.includes(c.value)));
	assert.equal((await page.content()).includes(server.key), false);
	assert.ok(!page.requests.some((url) => url.includes(server.key)));
	assert.ok(page.requests.every((url) => url.startsWith(server.url)), "the console asks its own server alone");

	await page.getByRole("button", { name: "Sign out" }).click();
	await field.waitFor();
	assert.equal((await kept(page)).cookies.length, 0);
});

test("a session that ends in the middle of an issue is begun anew, and one key is issued", async (t) => {
	const page = await enter(t, server, "/console/issue?keyspace=default");
	await page.getByLabel("Name").fill("in-the-middle");
	await page.getByLabel("Scopes").fill("a:b");
	await page.getByLabel("Scopes").press("Enter");
	await endSessions();
	await page.getByRole("button", { name: "Issue the key" }).click();
	const dialog = page.getByRole("dialog", { name: "Your session has ended" });
	await dialog.waitFor();
	await axe(page);
	assert.equal(await page.getByLabel("Name").inputValue(), "in-the-middle");
	assert.equal((await called("in-the-middle")).length, 0);
	await dialog.getByLabel("Service key").fill(server.key);
	await dialog.getByRole("button", { name: "Sign in" }).click();
	const key = await take(page);
	assert.equal((await called("in-the-middle")).length, 1);
	assert.equal((await server.api("POST", "/v1/verify", { key, keyspace: "default" })).code, "VALID");
	expected(page, /status of 401/);
});

test("who does not sign in again keeps what was typed", async (t) => {
	const page = await enter(t, server, "/console/issue?keyspace=default");
	await page.getByLabel("Name").fill("not-now");
	await endSessions();
	await page.getByRole("button", { name: "Issue the key" }).click();
	await page.getByRole("button", { name: "Not now" }).click();
	await page.getByText("The key was not issued").waitFor();
	assert.equal(await page.getByLabel("Name").inputValue(), "not-now");
	await page.getByRole("button", { name: "Issue the key" }).click();
	await page.getByRole("dialog").waitFor();
	expected(page, /status of 401/);
});

test("a session that another tab began anew is taken without a question", async (t) => {
	const page = await enter(t, server, "/console/issue?keyspace=default");
	await page.getByLabel("Name").fill("other-tab");
	await endSessions();
	const tab = await page.context().newPage();
	await tab.goto(server.url + "/console/");
	await signIn(tab, server.key);
	await tab.waitForSelector("#main h1");
	await page.getByRole("button", { name: "Issue the key" }).click();
	await take(page);
	assert.equal((await called("other-tab")).length, 1);
	expected(page, /status of 403/);
});

test("a server that goes away is waited for; a lost answer makes no second key", async (t) => {
	const page = await enter(t, server, "/console/issue?keyspace=default");
	await page.getByLabel("Name").fill("lost-answer");
	let lost = 0;
	await page.route(/\/(v1\/|livez)/, async (route) => {
		if (route.request().method() === "POST" && !lost++) await route.fetch(); // it arrives, and its answer does not
		await route.abort("connectionreset");
	});
	const issueButton = page.getByRole("button", { name: "Issue the key" });
	await issueButton.click();
	await page.getByText("What you typed is kept").waitFor();
	await page.getByText("The key was not issued").waitFor();
	assert.equal(await page.getByLabel("Name").inputValue(), "lost-answer");
	await axe(page);
	await shot(page, "console-away");
	await page.unroute(/\/(v1\/|livez)/);
	await page.getByText("What you typed is kept").waitFor({ state: "detached" });
	await issueButton.click();
	await page.getByText("its answer was lost on the way").waitFor();
	assert.equal((await called("lost-answer")).length, 1);
	expected(page, /ERR_CONNECTION_RESET/);
});

test("a list that could not be loaded comes by itself when the server is back", async (t) => {
	const page = await enter(t, server, "/console/");
	await page.route(/\/(v1\/|livez)/, (route) => route.abort("connectionrefused"));
	await page.getByRole("link", { name: "Keys", exact: true }).click();
	await page.getByText("The server does not answer").first().waitFor();
	await page.unroute(/\/(v1\/|livez)/);
	await page.getByRole("link", { name: "in-the-middle" }).waitFor();
	expected(page, /ERR_CONNECTION_REFUSED/);
});

test("a narrow service key sees the ways that it may go", async (t) => {
	const { key } = await server.api("POST", "/v1/keys", { keyspace: "keywright", name: "reader", scopes: ["keys:read"] });
	const page = await enter(t, server, "/console/", { key });
	await page.getByText("Nothing to show here").waitFor();
	assert.equal(await page.getByRole("link", { name: "Issue a key" }).count(), 0);
	await page.getByRole("link", { name: "Keys", exact: true }).click();
	await page.getByRole("link", { name: "in-the-middle" }).click();
	await page.getByRole("heading", { level: 1, name: "in-the-middle" }).waitFor();
	await page.getByRole("region", { name: "Secrets" }).waitFor();
	for (const act of ["Edit", "Disable", "Revoke"]) assert.equal(await page.getByRole("button", { name: act }).count(), 0);
	assert.equal(await page.getByRole("link", { name: "Rotate" }).count(), 0);
});

test("the keyboard alone leads everywhere, and the heading has the focus after a way", async (t) => {
	const page = await enter(t, server, "/console/", { width: 360 });
	await page.keyboard.press("Tab");
	assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the page");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	const link = page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Keys", exact: true });
	await link.waitFor();
	await axe(page);
	await link.focus();
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { level: 1, name: "Keys" }).waitFor();
	await page.waitForFunction(() => document.activeElement?.tagName === "H1");
	assert.equal(await page.title(), "Keys · Keywright");
	await link.waitFor({ state: "hidden" });
	await page.getByRole("button", { name: "Menu" }).focus();
	await page.keyboard.press("Enter");
	await link.waitFor();
	await link.focus();
	await page.keyboard.press("Escape");
	await link.waitFor({ state: "hidden" });
});

test("pages are whole in light and dark, narrow and wide", async (t) => {
	for (const [width, colorScheme] of /** @type {[number, string][]} */ ([[360, "dark"], [768, "light"], [1440, "dark"]])) {
		const page = await enter(t, server, "/console/", { width, colorScheme });
		for (const path of ["", "keys?keyspace=default", "issue", "nothing-here"]) {
			await page.goto(`${server.url}/console/${path}`);
			await page.waitForSelector("#main h1");
			await page.waitForFunction(() => !document.querySelector("main [aria-busy=true], main .waiting"));
			await axe(page);
			assert.equal(await overflow(page), 0, `${path} at ${width}`);
			await shot(page, `console-${path.replace(/\W.*/, "") || "overview"}-${width}`);
		}
	}
});

test("the first load is small", async (t) => {
	const page = await enter(t, server, "/console/");
	const assets = new Set(page.requests.filter((url) => url.includes("/console")).map((url) => url.replace(/\?.*/, "")));
	let bytes = 0;
	for (const url of assets) bytes += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
	t.diagnostic(`${assets.size} files, ${bytes} bytes`);
	assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
	assert.ok(![...assets].some((url) => url.includes("uplot")));
});

test("another tab is signed in already", async (t) => {
	const page = await enter(t, server, "/console/");
	const tab = await anotherTab(page, server.url + "/console/keys");
	assert.equal(await tab.getByLabel("Service key").count(), 0);
});
