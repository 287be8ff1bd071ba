// SPDX-License-Identifier: Apache-2.0

// Every state of the generator page in light and dark, wide and narrow: judged for accessibility, and photographed.

import assert from "node:assert/strict";
import test from "node:test";
import { axe, shot } from "./harness.js";
import { opening, set } from "./generator.js";

/** fits fails where the page is wider than its window. */
async function fits(page) {
	const [content, frame] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
	assert.ok(content <= frame, `${content} is wider than ${frame}`);
}

const STATES = {
	one: async () => {},
	"one-shown": async (page) => page.getByRole("button", { name: "Show" }).click(),
	batch: async (page) => page.getByRole("button", { name: "Make a batch" }).click(),
	"batch-shown": async (page) => {
		await page.getByRole("button", { name: "Show secrets" }).click();
		await set(page, { idBytes: 12 });
	},
	review: async (page) => page.locator("#tab-review").click(),
	json: async (page) => page.locator("#tab-json").click(),
	"secret-only": async (page) => {
		await page.locator("#tab-ledger").click();
		await set(page, { shape: "secret-only" });
	},
	unambiguous: async (page) => set(page, { format: "unambiguous", size: 16 }),
	questions: async (page) => page.evaluate(() => document.querySelectorAll("#questions details").forEach((details) => { details.open = true; })),
};

for (const colorScheme of ["light", "dark"]) {
	for (const width of [1280, 360]) {
		test(`${colorScheme}, ${width} pixels`, async (t) => {
			const page = await opening(t, { colorScheme, width });
			for (const [name, reach] of Object.entries(STATES)) {
				await reach(page);
				await fits(page);
				await axe(page);
				await shot(page, `generator-${name}-${colorScheme}-${width}`);
			}
		});
	}
}

for (const width of [320, 768, 1024, 1920]) {
	test(`nothing sticks out at ${width} pixels`, async (t) => {
		const page = await opening(t, { width });
		await fits(page);
		await page.getByRole("button", { name: "Make a batch" }).click();
		await fits(page);
	});
}

for (const width of [1280, 360]) {
	test(`nothing moves while the page comes up, or when the secret is shown, at ${width} pixels`, async (t) => {
		const page = await opening(t, { width, init: () => {
			window.shifts = [];
			new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value))).observe({ type: "layout-shift", buffered: true });
		} });
		const height = () => page.locator("#one").evaluate((one) => one.offsetHeight);
		const before = await height();
		await page.getByRole("button", { name: "Show" }).click();
		assert.equal(await height(), before);
		await page.waitForTimeout(200);
		assert.deepEqual(await page.evaluate(() => window.shifts), []);
	});
}

test("the first load is at most 60 kB, compressed", async (t) => {
	const page = await opening(t);
	const sizes = await page.evaluate(() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
		.map((entry) => [new URL(entry.name).pathname, entry.encodedBodySize]));
	assert.ok(sizes.length > 10);
	assert.ok(sizes.every(([, size]) => size > 0), JSON.stringify(sizes));
	const total = sizes.reduce((sum, [, size]) => sum + size, 0);
	t.diagnostic(`${total} bytes in ${sizes.length} files`);
	assert.ok(total <= 60_000, `${total} bytes: ${JSON.stringify(sizes)}`);
});
