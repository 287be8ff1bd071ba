// SPDX-License-Identifier: Apache-2.0

// While there is a reason to make no keys, the generator page says it, with the ways out, and has nothing to copy.

import assert from "node:assert/strict";
import test from "node:test";
import { axe, shot } from "./harness.js";
import { batch, keys, ledger, opening, set } from "./generator.js";

/** blocked looks at all that must be so while there are no keys. */
async function blocked(page, title, reason) {
	assert.equal(await page.locator("#blocked h2").innerText(), title);
	assert.match(await page.locator("#blocked").innerText(), reason);
	assert.match(await page.locator("#status").innerText(), /^Blocked: /);
	assert.equal(await page.locator("#summary").innerText(), "Blocked: no keys");
	assert.equal(await page.locator("#batch-strength").innerText(), "0 bits · Weak");
	assert.deepEqual(await ledger(page), [["No rows in the current key batch."]]);
	for (const selector of ["[data-take]", "[data-download]", "#show"]) {
		for (const button of await page.locator(selector).all()) {
			assert.ok(await button.isDisabled(), await button.innerText());
		}
	}
	const downloads = [];
	page.on("download", (download) => downloads.push(download.suggestedFilename()));
	const text = await page.evaluate(async () => { // what is disabled does nothing even when it is made to try
		await navigator.clipboard.writeText("untouched");
		for (const button of document.querySelectorAll("#batch [data-take], #batch [data-download]")) {
			button.disabled = false;
			button.click();
		}
		await new Promise((resolve) => setTimeout(resolve, 200));
		return navigator.clipboard.readText();
	});
	assert.equal(text, "untouched");
	assert.deepEqual(downloads, []);
	assert.doesNotMatch(await page.locator("#make").evaluate((make) => make.textContent), /(st|sk)_live_[0-9A-Z]{8}_/);
}

const CASES = [
	["environment-empty", { environment: "custom", custom: "--- !" }, "The custom environment is empty", /at least one letter or number/, "Use sandbox", /^st_sandbox_/],
	["environment-none-typed", { environment: "custom" }, "The custom environment is empty", /choose another environment/, "Choose None", /^st_[0-9A-Z]{8}_/],
	["environment-long", { environment: "custom", custom: "x".repeat(33) }, "The custom environment is empty", /32 characters at most/, "Choose Live", /^st_live_/],
	["no-labels", { prefix: "", environment: "none" }, "No prefix and no environment", /need at least one of them/, "Take Secret only", /^[\w-]{43}$/],
	["no-labels-prefix-shape", { shape: "prefix", checksum: false, prefix: " ", environment: "none" }, "No prefix and no environment", /“Prefix \+ secret”/, "Use the prefix st", /^st_[\w-]{43}$/],
	["prefix", { prefix: "my app!" }, "The service prefix is not made of letters and digits", /A-Z a-z 0-9/, "Use st", /^st_live_/],
	["bytes-few", { size: 15 }, "Secret bytes is out of range", /from 16 to 64/, "Use 32", /^st_live_[0-9A-Z]{8}_[\w-]{43}_/],
	["bytes-many", { size: 65 }, "Secret bytes is out of range", /from 16 to 64/, "Use 32", /^st_live_/],
	["bytes-empty", { size: "" }, "Secret bytes is out of range", /whole number/, "Use 32", /^st_live_/],
	["count-none", { count: 0 }, "Key count is out of range", /from 1 to 50/, "Use 5", /^st_live_/],
	["count-many", { count: 51 }, "Key count is out of range", /from 1 to 50/, "Use 5", /^st_live_/],
	["id-few", { idBytes: 3 }, "Public id bytes is out of range", /from 4 to 12/, "Use 5", /^st_live_[0-9A-Z]{8}_/],
	["id-many", { idBytes: 13 }, "Public id bytes is out of range", /from 4 to 12/, "Use 5", /^st_live_[0-9A-Z]{8}_/],
	["hex-odd", { format: "secret-key", encoding: "hex", size: 33 }, "The secret cannot show whole bytes in 33 characters of hex", /34 characters/, "Use 34", /^sk_live_[0-9a-f]{34}$/],
	["hex-short", { format: "secret-key", encoding: "hex", size: 24 }, "The secret has 96 bits of entropy, less than 128", /32 characters of hex would do/, "Use 32", /^sk_live_[0-9a-f]{32}$/],
	["prefix-needed", { format: "personal-token", prefix: "" }, "The service prefix is missing", /such as pat/, "Use pat", /^pat_/],
];

test("options that make no key", async (t) => {
	const page = await batch(t);
	for (const [name, settings, title, reason, way, pattern] of CASES) {
		await t.test(name, async () => {
			await page.getByRole("button", { name: "Defaults" }).click();
			await set(page, settings);
			await blocked(page, title, reason);
			assert.equal(await page.locator('#options [aria-invalid="true"]').count(), 1);
			await page.getByRole("button", { name: way, exact: true }).click();
			assert.ok(await page.locator("#blocked").isHidden());
			assert.match((await keys(page))[0], pattern);
		});
	}
});

const noCrypto = () => Object.defineProperty(globalThis, "crypto", { value: undefined });

test("no Web Crypto", async (t) => {
	const page = await opening(t, { init: noCrypto });
	assert.ok(await page.locator("#one-copy").isDisabled());
	assert.ok(await page.locator("#one-copy-hash").isDisabled());
	assert.equal(await page.locator("#one-key").innerText(), "No key");
	assert.equal(await page.locator("#one-strength").innerText(), "0 bits · Weak");
	await page.getByRole("button", { name: "Make a batch" }).click();
	await blocked(page, "This browser has no Web Crypto", /current browser that you trust/);
	await page.locator("#tab-review").click();
	assert.match(await page.locator("#review").innerText(), /Blocked: no Web Crypto/);
	assert.match(await page.locator("#review").innerText(), /Handling\s+No keys/);
});

test("a random generator that fails gives no key", async (t) => {
	const page = await batch(t, { init: () => { Crypto.prototype.getRandomValues = () => { throw new Error("no entropy"); }; } });
	await blocked(page, "No randomness", /no key was made/);
});

test("what blocked states look like", async (t) => {
	for (const colorScheme of ["light", "dark"]) {
		for (const width of [1280, 360]) {
			const look = `${colorScheme}-${width}`;
			const page = await batch(t, { colorScheme, width }, { environment: "custom", custom: "---" });
			await shot(page, `generator-blocked-${look}`);
			await axe(page);
			const without = await opening(t, { colorScheme, width, init: noCrypto });
			await shot(without, `generator-blocked-crypto-${look}`);
			await axe(without);
		}
	}
});
