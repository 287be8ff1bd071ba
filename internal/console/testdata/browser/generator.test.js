// SPDX-License-Identifier: Apache-2.0

// What the generator page makes: the defaults, every shape and encoding, the key types, the worked examples.

import assert from "node:assert/strict";
import test from "node:test";
import { hash, parse, preset } from "../../../../js/keywright.js";
import { batch, copied, json, keys, ledger, opening, set, sha256, url } from "./generator.js";

test("opens with one good key, and its storage hash beside it", async (t) => {
	const page = await opening(t);
	const key = await copied(page, page.getByRole("button", { name: "Copy key" }));
	assert.match(key, /^st_live_[0-9A-Z]{8}_[\w-]{43}_[0-9A-Z]{4}$/);
	assert.equal(await copied(page, page.getByRole("button", { name: "Copy hash" })), sha256(key));
	assert.equal(await page.locator("#one-hash").innerText(), sha256(key));
	assert.equal(await page.locator("#one-strength").innerText(), "256 bits · Very strong");
	await page.getByRole("button", { name: "New key" }).click();
	assert.notEqual(await copied(page, page.getByRole("button", { name: "Copy key" })), key);
});

test("a batch begins with the defaults", async (t) => {
	const page = await batch(t);
	const values = await page.locator("#options").evaluate((form) =>
		Object.fromEntries([...form.elements].filter((e) => e.id && e.type !== "button").map((e) => [e.id, e.type === "checkbox" ? e.checked : e.value])));
	assert.deepEqual(values, {
		format: "public-id", prefix: "st", environment: "live", custom: "", shape: "public-id", encoding: "base64url", size: "32",
		count: "5", idBytes: "5", separator: "_", checksum: true,
	});
	assert.equal(await page.locator("#summary").innerText(), "256 bit secrets");
	assert.equal(await page.locator("#summary-shape").innerText(), "Prefix + public id + secret · Base64URL · 5 keys");
	assert.equal(await page.evaluate(() => document.activeElement.id), "summary");
	const made = await keys(page);
	assert.equal(made.length, 5);
	assert.equal(new Set(made).size, 5);
	const rows = await ledger(page);
	made.forEach((key, i) => {
		const { publicId, checksum } = parse(preset("public-id"), key);
		assert.equal(checksum, "ok");
		assert.deepEqual(rows[i].slice(1), [publicId, "43", "256 bits", key.slice(-4), sha256(key)]);
	});
});

test("regenerating replaces every key", async (t) => {
	const page = await batch(t);
	const before = await keys(page);
	await page.getByRole("button", { name: "Regenerate keys" }).click();
	const after = await keys(page);
	assert.equal(after.length, 5);
	assert.ok(!after.some((key) => before.includes(key)));
});

const SHAPES = [
	["prefix + secret", { shape: "prefix" }, /^st_live_[\w-]{43}_[0-9A-Z]{4}$/, ["-", "43", "256 bits"]],
	["secret only", { shape: "secret-only" }, /^[\w-]{43}$/, ["-", "43", "256 bits", "off"]],
	["hexadecimal", { encoding: "hex" }, /^st_live_[0-9A-Z]{8}_[0-9a-f]{64}_[0-9A-Z]{4}$/, [null, "64", "256 bits"]],
	["Crockford Base32", { encoding: "crockford" }, /^st_live_[0-9A-Z]{8}_[0-9A-HJKMNP-TV-Z]{52}_[0-9A-Z]{4}$/, [null, "52", "256 bits"]],
	["16 bytes", { size: 16 }, /^st_live_[0-9A-Z]{8}_[\w-]{22}_[0-9A-Z]{4}$/, [null, "22", "128 bits"]],
	["64 bytes", { size: 64 }, /^st_live_[0-9A-Z]{8}_[\w-]{86}_[0-9A-Z]{4}$/, [null, "86", "512 bits"]],
	["no environment", { environment: "none" }, /^st_[0-9A-Z]{8}_/],
	["development", { environment: "dev" }, /^st_dev_/],
	["a custom environment is stripped", { environment: "custom", custom: " e.u-1! " }, /^st_eu1_/],
	["no prefix", { prefix: "" }, /^live_[0-9A-Z]{8}_/],
	["a prefix is trimmed", { prefix: "  acme " }, /^acme_live_/],
	["public id of 12 bytes", { idBytes: 12 }, /^st_live_[0-9A-Z]{20}_[\w-]{43}_/],
	["another separator", { separator: "." }, /^st\.live\.[0-9A-Z]{8}\.[\w-]{43}\.[0-9A-Z]{4}$/],
	["no check segment", { checksum: false }, /^st_live_[0-9A-Z]{8}_[\w-]{43}$/, [null, "43", "256 bits", "off"]],
];

test("shapes, encodings, sizes, labels", async (t) => {
	const page = await batch(t);
	for (const [name, settings, pattern, row = []] of SHAPES) {
		await t.test(name, async () => {
			await page.getByRole("button", { name: "Defaults" }).click();
			await set(page, { count: 3, ...settings });
			const made = await keys(page);
			assert.equal(made.length, 3);
			for (const key of made) {
				assert.match(key, pattern);
			}
			const rows = await ledger(page);
			for (const [i, want] of row.entries()) {
				assert.equal(rows[0][i + 1], want ?? rows[0][i + 1]);
			}
			assert.deepEqual(rows.map((r) => r[5]), made.map(sha256));
		});
	}
});

test("custom environment: says how it will read", async (t) => {
	const page = await batch(t, {}, { environment: "custom", custom: "my sand-box" });
	assert.equal(await page.locator("#custom-hint").innerText(), "Will read: mysandbox");
});

test("secret only: the check segment and the labels are closed, with the reason", async (t) => {
	const page = await batch(t, {}, { idBytes: 6, shape: "secret-only" });
	for (const id of ["checksum", "prefix", "environment", "idBytes", "separator"]) {
		assert.ok(await page.locator(`#${id}`).isDisabled(), id);
	}
	assert.match(await page.locator("#checksum-hint").innerText(), /no public segments to guard/);
	await set(page, { shape: "public-id" });
	assert.ok(await page.locator("#checksum").isEnabled());
	assert.match((await keys(page))[0], /^st_live_[0-9A-Z]{10}_/, "the options are as they were");
});

test("every key type and format is one click away", async (t) => {
	const page = await opening(t);
	const buttons = await page.locator("#types button").all();
	assert.equal(buttons.length, 16);
	for (const button of buttons) {
		await button.click();
		const label = await button.innerText();
		const made = await json(page);
		assert.equal(made.length, 5);
		assert.ok(made[0].key.startsWith(label) || label === made[0].preset, label);
		const format = { ...preset(made[0].preset), prefix: made[0].prefix, environment: made[0].environment };
		for (const key of made) {
			assert.equal(hash(format, key.key), key.storage_hash);
		}
	}
});

const FORMATS = [
	["keywright", "43", "256 bits", "Very strong"], ["unambiguous", "32", "185 bits", "Strong"], ["alphanumeric", "32", "190 bits", "Strong"],
	["seam", "24", "140 bits", "Strong"], ["publishable-key", "24", "142 bits", "Strong"], ["webhook-secret", "44", "256 bits", "Very strong"],
];

test("formats", async (t) => {
	const page = await batch(t);
	for (const [format, length, bits, word] of FORMATS) {
		await t.test(format, async () => {
			await set(page, { format });
			const [row] = await ledger(page);
			assert.deepEqual(row.slice(2, 4), [length, bits]);
			assert.equal(await page.locator("#batch-strength").innerText(), `${bits} · ${word}`);
			const [key] = await json(page);
			assert.equal(hash(preset(format), key.key), row[5]);
			assert.equal(key.storage_hash, row[5]);
		});
	}
});

test("a secret below 128 bits is made where the format allows it, with a warning", async (t) => {
	const page = await batch(t, {}, { format: "unambiguous", size: 16 });
	assert.equal(await page.locator("#batch-strength").innerText(), "92 bits · Fair");
	await page.locator("#tab-review").click();
	assert.match(await page.locator("#review").innerText(), /92\.5 bits of entropy are less than 128: 23 characters would do/);
});

test("hexadecimal bodies of key types", async (t) => {
	const page = await batch(t, {}, { format: "secret-key", encoding: "hex" });
	assert.match((await keys(page))[0], /^sk_live_[0-9a-f]{32}$/);
	assert.equal(await page.locator("#summary").innerText(), "128 bit secrets");
});

test("worked examples can be tried", async (t) => {
	const page = await opening(t);
	const tries = page.getByRole("button", { name: "Try it" });
	await tries.nth(0).click();
	assert.match((await keys(page))[4], /^st_live_[0-9A-Z]{8}_[\w-]{43}_[0-9A-Z]{4}$/);
	await tries.nth(1).click();
	const made = await keys(page);
	assert.equal(made.length, 1);
	assert.match(made[0], /^[0-9a-f]{32}$/);
	assert.deepEqual((await ledger(page))[0].slice(1, 5), ["-", "32", "128 bits", "off"]);
	assert.equal(await page.locator("#summary").innerText(), "128 bit secrets");
	await tries.nth(2).click();
	assert.match(await page.locator("#blocked").innerText(), /at least one letter or number/);
	await set(page, { custom: "sandbox" });
	assert.match((await keys(page))[0], /^st_sandbox_/);
	assert.equal(await page.locator("#summary").innerText(), "256 bit secrets");
});

test("the storage review", async (t) => {
	const page = await batch(t);
	await page.locator("#tab-review").click();
	const rows = await page.locator("#review tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].slice(0, 2).map((cell) => cell.innerText)));
	assert.deepEqual(rows, [
		["Random source", "Web Crypto getRandomValues"], ["Secret entropy", "256 bits per secret"], ["Lookup id", "Public id, 8 characters"],
		["Server storage", "SHA-256 of the full key"], ["Handling", "Sensitive batch"], ["Duplicate estimate", "below 1e-30"],
	]);
});

test("a link keeps the options and no key", async (t) => {
	const page = await batch(t, {}, { prefix: "acme", environment: "custom", custom: "eu", encoding: "hex", count: 7, checksum: false });
	const made = await keys(page);
	const link = await copied(page, page.getByRole("button", { name: "Copy link to these options" }));
	assert.equal(new URL(link).hash, "#format=public-id&prefix=acme&environment=custom&custom=eu&encoding=hex&count=7&checksum=false");
	assert.ok(!made.some((key) => link.includes(key)));
	const again = await opening(t, { url: link });
	const others = await keys(again);
	assert.equal(others.length, 7);
	assert.match(others[0], /^acme_eu_[0-9A-Z]{8}_[0-9a-f]{64}$/);
});

test("a link with nonsense is no more than the defaults, or a problem with a way out", async (t) => {
	const page = await opening(t, { url: `${url}#format=constructor&encoding=rot13&shape=toString&count=900&__proto__=x` });
	assert.match(await page.locator("#blocked").innerText(), /Key count is out of range/);
	await page.getByRole("button", { name: "Use 5" }).click();
	assert.match((await keys(page))[0], /^st_live_/);
});

test("arrow keys walk between the copy buttons, and along the tabs", async (t) => {
	const page = await batch(t);
	const at = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText);
	await page.locator("#ledger button.copy").first().focus();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowRight");
	assert.equal(await at(), "Copy public id of key 2");
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("ArrowUp");
	assert.equal(await at(), "Copy public id of key 1");
	assert.equal(await page.locator("#ledger button.copy[tabindex='0']").count(), 1);
	await page.locator("#tab-ledger").focus();
	await page.keyboard.press("ArrowLeft");
	assert.equal(await at(), "JSON");
	assert.ok(await page.locator("#json").isVisible());
	await page.keyboard.press("Home");
	assert.ok(await page.locator("#ledger").isVisible());
});
