// SPDX-License-Identifier: Apache-2.0

// How long the generator page takes to make and show a batch of 50, from the click until it is painted:
//
//	node generator.bench.js http://127.0.0.1:8420/generate/

import { chromium } from "playwright-core";

const address = process.argv[2];
if (!address) {
	console.error("usage: node generator.bench.js ADDRESS");
	process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.KEYWRIGHT_CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
await page.goto(`${address}#count=50`);
await page.locator("#batch:not([hidden])").waitFor();
const times = await page.evaluate(async () => {
	const measured = [];
	for (let i = 0; i < 40; i++) {
		const from = performance.now();
		document.getElementById("regenerate").click();
		const made = performance.now() - from;
		await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
		measured.push([made, performance.now() - from]);
	}
	return measured;
});
await browser.close();
for (const [what, column] of [["made and put into the page", 0], ["painted", 1]]) {
	const sorted = times.map((time) => time[column]).sort((a, b) => a - b);
	console.log(`${what}: median ${sorted[20].toFixed(1)} ms, slowest of 40 ${sorted[39].toFixed(1)} ms`);
}
