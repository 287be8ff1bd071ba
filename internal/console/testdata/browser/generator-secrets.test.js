// SPDX-License-Identifier: Apache-2.0

// Where secrets of the generator page may be, and where they may not.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { batch, copied, json, keys, ledger, opening, set, sha256, url } from "./generator.js";

/** everywhere is all text that the document holds, in attributes and values too. */
const everywhere = (page) => page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll("input, textarea")].map((e) => e.value).join());

/** secretOf is the part of a default key that must stay hidden. */
const secretOf = (key) => key.slice("st_live_00000000_".length, -5);

/** kept is all that the browser keeps for the page. */
const kept = (page) => page.evaluate(async () => ({
	local: Object.keys(localStorage), session: Object.keys(sessionStorage), cookies: document.cookie,
	databases: await indexedDB.databases(), caches: await caches.keys(), state: history.state, address: location.href, name: window.name,
}));

/** downloaded clicks and reads the file. */
async function downloaded(page, button) {
	const waiting = page.waitForEvent("download");
	await button.click();
	const download = await waiting;
	return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("secrets are masked until they are shown, and copying needs no showing", async (t) => {
	const page = await opening(t);
	const key = await copied(page, page.getByRole("button", { name: "Copy key" }));
	assert.ok(!(await everywhere(page)).includes(secretOf(key)));
	assert.match(await page.locator("#one-key").innerText(), /^st_live_[0-9A-Z]{8}_•{43}_[0-9A-Z]{4}/);
	await page.getByRole("button", { name: "Show" }).click();
	assert.equal(await page.locator("#one-key").innerText(), key);
	await page.getByRole("button", { name: "Hide" }).click();
	assert.ok(!(await everywhere(page)).includes(secretOf(key)));

	await page.getByRole("button", { name: "Make a batch" }).click();
	const made = await keys(page);
	for (const tab of ["ledger", "review", "json"]) {
		await page.locator(`#tab-${tab}`).click();
		const all = await everywhere(page);
		assert.ok(!made.some((k) => all.includes(secretOf(k))), tab);
	}
	await page.getByRole("button", { name: "Show secrets" }).click();
	assert.deepEqual((await ledger(page)).map((row) => row[0]), made);
	assert.deepEqual(JSON.parse(await page.locator("#json-text").textContent()).map((row) => row.key), made);
	await page.getByRole("button", { name: "Hide secrets" }).click();
	const all = await everywhere(page);
	assert.ok(!made.some((k) => all.includes(secretOf(k))));
});

test("a view that is not seen holds no key", async (t) => {
	const page = await opening(t);
	const key = await copied(page, page.getByRole("button", { name: "Copy key" }));
	await page.getByRole("button", { name: "Show" }).click();
	await page.getByRole("button", { name: "Make a batch" }).click();
	assert.ok(!(await everywhere(page)).includes(secretOf(key)));
	const made = await keys(page);
	await page.getByRole("button", { name: "Show secrets" }).click();
	await page.getByRole("button", { name: "One key" }).click();
	const all = await everywhere(page);
	assert.ok(!made.some((k) => all.includes(secretOf(k))));
});

test("the status line never speaks a key", async (t) => {
	const page = await batch(t);
	await keys(page);
	const status = page.locator("#status");
	assert.equal(await status.innerText(), "All keys copied.");
	await page.getByRole("button", { name: "Show secrets" }).click();
	assert.equal(await status.innerText(), "Secrets are shown.");
	await page.getByRole("button", { name: "Copy key of key 2" }).click();
	await page.waitForFunction(() => /copied/.test(document.getElementById("status").textContent));
	assert.equal(await status.innerText(), "API key of key 2 copied.");
});

test("cells, rows and the whole can be copied", async (t) => {
	const page = await batch(t, {}, { shape: "prefix" });
	const made = await keys(page);
	const row = [made[1], "", "43", "256 bits", made[1].slice(-4), sha256(made[1])];
	for (const [i, name] of ["key", "public id", "secret length", "secret entropy", "check", "storage hash"].entries()) {
		assert.equal(await copied(page, page.getByRole("button", { name: `Copy ${name} of key 2` })), row[i] || "-");
	}
	assert.equal(await copied(page, page.getByRole("button", { name: "Copy row 2" })), ["st", ...row].slice(1).join("\t"));
	assert.deepEqual((await copied(page, page.getByRole("button", { name: "Copy all hashes" }))).split("\n"), made.map(sha256));
	const table = (await copied(page, page.getByRole("button", { name: "Copy table" }))).trimEnd().split("\n").map((line) => line.split("\t"));
	assert.deepEqual(table[0], ["API key", "Public id", "Secret length", "Secret entropy", "Check", "SHA-256 storage hash"]);
	assert.deepEqual(table.slice(1).map((line) => line[0]), made);
});

test("downloads hold what they say", async (t) => {
	const page = await batch(t, { acceptDownloads: true }, { prefix: "acme", count: 3 });
	const rows = await json(page);
	const made = rows.map((row) => row.key);
	const group = page.getByRole("group", { name: "Download" });

	const csv = await downloaded(page, group.getByRole("button", { name: "CSV", exact: true }));
	assert.equal(csv.name, "keys.csv");
	const lines = csv.text.trimEnd().split("\n");
	assert.equal(lines[0], "key,preset,prefix,environment,public_id,secret_length,entropy_bits,checksum,storage_hash");
	assert.deepEqual(lines.slice(1), rows.map((row) => Object.values(row).join(",")));

	const whole = await downloaded(page, group.getByRole("button", { name: "JSON", exact: true }));
	assert.equal(whole.name, "keys.json");
	assert.deepEqual(JSON.parse(whole.text), rows);

	const env = await downloaded(page, group.getByRole("button", { name: ".env" }));
	assert.equal(env.name, "keys.env");
	assert.equal(env.text, made.map((key, i) => `ACME_API_KEY_${i + 1}=${key}\n`).join(""));

	const hashes = await downloaded(page, group.getByRole("button", { name: "Hashes only as CSV" }));
	assert.equal(hashes.name, "hashes.csv");
	assert.equal(hashes.text, ["hash,public_id,prefix,environment", ...rows.map((row) => `${row.storage_hash},${row.public_id},acme,live`)].join("\n") + "\n");
	const hashesJSON = await downloaded(page, group.getByRole("button", { name: "Hashes only as JSON" }));
	assert.deepEqual(JSON.parse(hashesJSON.text), rows.map((row) => ({ hash: row.storage_hash, public_id: row.public_id, prefix: "acme", environment: "live" })));
	for (const { text } of [hashes, hashesJSON]) {
		assert.ok(!made.some((key) => text.includes(key.slice("acme_live_00000000_".length, -5))), "a secret among the hashes");
	}
});

test("no cell of a table is a formula", async (t) => {
	// Bytes whose Base64URL begins with a hyphen: a spreadsheet would take such a key for a formula.
	const page = await batch(t, { acceptDownloads: true, init: () => { Crypto.prototype.getRandomValues = (bytes) => bytes.fill(0xfb); } }, { shape: "secret-only", count: 1 });
	const [key] = await keys(page);
	assert.match(key, /^-/, "what was copied is the key itself");
	const { text } = await downloaded(page, page.getByRole("button", { name: "CSV", exact: true }));
	assert.equal(text.split("\n")[1].split(",")[0], `'${key}`);
	assert.match(await copied(page, page.getByRole("button", { name: "Copy row 1" })), /^'-/);
});

test("nothing is asked of the network after the page is there", async (t) => {
	const page = await opening(t);
	const before = page.requests.length;
	assert.ok(before > 5);
	await page.getByRole("button", { name: "Make a batch" }).click();
	await set(page, { encoding: "hex", count: 50 });
	await keys(page);
	await page.getByRole("button", { name: "Show secrets" }).click();
	await page.locator("#types button").first().click();
	await page.getByRole("button", { name: "Copy link" }).click();
	await page.waitForTimeout(300);
	assert.deepEqual(page.requests.slice(before), []);
	const [refused, directive] = await page.evaluate(() => Promise.all([
		fetch("/generate/main.js").then(() => "answered", () => "refused"),
		new Promise((resolve) => document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective))),
	]));
	assert.deepEqual([refused, directive], ["refused", "connect-src"]);
	await page.waitForTimeout(100);
	page.violations.length = page.errors.length = 0;
});

test("nothing is kept by the browser", async (t) => {
	const page = await batch(t, {}, { prefix: "acme", environment: "custom", custom: "eu" });
	await keys(page);
	await page.getByRole("button", { name: "Show secrets" }).click();
	assert.deepEqual(await kept(page), { local: [], session: [], cookies: "", databases: [], caches: [], state: null, address: url, name: "" });
	for (const input of await page.locator("form, input").all()) {
		assert.equal(await input.getAttribute("autocomplete") ?? (await input.getAttribute("type") === "checkbox" ? "off" : null), "off");
	}
});

test("leaving drops the secrets from the document and the memory", async (t) => {
	const page = await batch(t);
	const made = await keys(page);
	await page.getByRole("button", { name: "Show secrets" }).click();
	assert.ok((await everywhere(page)).includes(made[0]));
	await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
	const all = await everywhere(page);
	assert.ok(!made.some((key) => all.includes(secretOf(key))));
	assert.deepEqual(await ledger(page), [["No rows in the current key batch."]]);
	await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
	const again = await keys(page);
	assert.equal(again.length, 5);
	assert.ok(!again.some((key) => made.includes(key)), "the keys are others");
});

test("going away and back brings no old key", async (t) => {
	const page = await batch(t);
	const made = await keys(page);
	await page.getByRole("button", { name: "Show secrets" }).click();
	await page.goto("about:blank");
	await page.goBack();
	await page.locator("#one-copy:enabled, #batch:not([hidden])").first().waitFor();
	const all = await everywhere(page);
	assert.ok(!made.some((key) => all.includes(secretOf(key))));
	assert.match(await page.locator("#one-key, #ledger").first().innerText(), /•/, "masked again");
});

test("leaving asks while keys of a batch were not copied, and only then", async (t) => {
	const page = await batch(t);
	const asked = [];
	page.on("dialog", (dialog) => {
		asked.push(dialog.type());
		dialog.accept();
	});
	await page.getByRole("button", { name: "Copy all hashes" }).click();
	await page.reload();
	assert.deepEqual(asked, ["beforeunload"], "the hashes alone are not the keys");
	await page.getByRole("button", { name: "Make a batch" }).click();
	await keys(page);
	await page.reload();
	assert.equal(asked.length, 1, "all keys were copied");
	await page.getByRole("button", { name: "Show" }).click();
	await page.reload();
	assert.equal(asked.length, 1, "one key that nobody took is no loss");
	await page.getByRole("button", { name: "Make a batch" }).click();
	await page.getByRole("button", { name: "Copy key of key 1" }).click();
	await page.reload();
	assert.equal(asked.length, 2, "four keys were not copied");
});

test("print shows no secret", async (t) => {
	const page = await batch(t);
	await page.getByRole("button", { name: "Show secrets" }).click();
	await page.locator("#tab-json").click();
	await page.emulateMedia({ media: "print" });
	const seen = await page.locator(".secret").evaluateAll((all) => all.map((element) => getComputedStyle(element).visibility));
	assert.equal(seen.length, 6);
	assert.deepEqual([...new Set(seen)], ["hidden"]);
});

test("without the clipboard of the browser keys can still be copied, and a refusal is said", async (t) => {
	const page = await opening(t, { init: () => Object.defineProperty(navigator, "clipboard", { value: undefined }) });
	await page.evaluate(() => document.addEventListener("copy", () => { window.taken = document.activeElement.value; }));
	await page.getByRole("button", { name: "Copy key" }).click();
	await page.waitForFunction(() => window.taken);
	assert.match(await page.evaluate(() => window.taken), /^st_live_/);
	assert.equal(await page.locator("textarea").count(), 0);
	await page.evaluate(() => { document.execCommand = () => false; });
	await page.getByRole("button", { name: "New key" }).click();
	await page.getByRole("button", { name: "Copy hash" }).click();
	assert.match(await page.locator("#status").innerText(), /could not be copied/);
});
