// SPDX-License-Identifier: Apache-2.0

// What the tests of the generator page share.

import { createHash } from "node:crypto";
import { open } from "./harness.js";

export const url = `${process.env.KEYWRIGHT_PAGES}/generate/`;
export const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const clipboard = ["clipboard-read", "clipboard-write"];

/** opening shows the page as it opens, ready. */
export async function opening(t, options = {}) {
	const page = await open(t, options.url ?? url, { permissions: clipboard, ...options });
	await page.locator("#one-copy:enabled, #batch:not([hidden]), #blocked:not([hidden])").first().waitFor();
	return page;
}

/** batch opens the batch, and sets options: ids and values of the form. */
export async function batch(t, options = {}, settings = {}) {
	const page = await opening(t, options);
	await page.getByRole("button", { name: "Make a batch" }).click();
	await set(page, settings);
	return page;
}

/** set changes options, as a user does, in the order given. */
export async function set(page, settings) {
	for (const [id, value] of Object.entries(settings)) {
		const control = page.locator(`#${id}`);
		if (["idBytes", "separator", "checksum"].includes(id) && !(await control.isVisible())) {
			await page.locator("#advanced summary").click();
		}
		switch (await control.evaluate((element) => element.type)) {
			case "checkbox":
				await control.setChecked(value);
				break;
			case "select-one":
				await control.selectOption(value);
				break;
			default:
				await control.fill(String(value));
		}
	}
}

/** copied clicks a button and returns what is in the clipboard then. */
export async function copied(page, button) {
	await page.evaluate(() => navigator.clipboard.writeText(""));
	await button.click();
	await page.waitForFunction(async () => await navigator.clipboard.readText() !== "");
	return page.evaluate(() => navigator.clipboard.readText());
}

/** keys are those of the batch. */
export async function keys(page) {
	return (await copied(page, page.getByRole("button", { name: "Copy all keys" }))).split("\n");
}

/** json is the batch as the page writes it. */
export async function json(page) {
	const open = page.locator("#tab-json");
	await open.click();
	const text = await copied(page, page.getByRole("button", { name: "Copy JSON" }));
	await page.locator("#tab-ledger").click();
	return JSON.parse(text);
}

/** ledger is the texts of the table, row by row, without its head. */
export const ledger = (page) => page.locator("#ledger tbody tr").evaluateAll((rows) =>
	rows.map((row) => [...row.cells].slice(0, 6).map((cell) => cell.innerText.trim())));
