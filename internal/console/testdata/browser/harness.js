// SPDX-License-Identifier: Apache-2.0

// What every browser test stands on: a page in Chromium that notes what went wrong in it, a judge of accessibility, and
// a place for screenshots.
//
//	const page = await open(t, url, {width: 360, colorScheme: "dark"});
//	await axe(page);
//	await shot(page, "batch-dark");
//
// When the test ends, a page that broke its Content-Security-Policy or wrote an error to the console fails it. A test that
// provokes such things empties page.violations or page.errors when it has looked at them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screens = process.env.KEYWRIGHT_ARTEFACTS || path.join(import.meta.dirname, "build", "screens");

let launched;

/** launch starts the browser of this file, once. */
function launch() {
	launched ??= chromium.launch({
		executablePath: process.env.KEYWRIGHT_CHROMIUM || "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-dev-shm-usage"],
	});
	return launched;
}

after(async () => (await launched)?.close());

const contexts = new WeakMap(); // of each test

/** leave closes the pages of a test. A server does so before it stops: a page that waits for its answer would take that for an error. */
export async function leave(t) {
	for (const context of contexts.get(t) ?? []) {
		await context.close();
	}
}

/**
 * open shows a page, in a context of its own: nothing is shared with other tests.
 *
 * options: width, height, colorScheme ("light" or "dark"), permissions (of the clipboard, say), init (a script that runs
 * before the page's own), and whatever else Playwright's newContext takes.
 *
 * page.violations, page.errors and page.requests are filled while the page lives.
 */
export async function open(t, url, { width = 1280, height = 900, colorScheme = "light", init, ...options } = {}) {
	const browser = await launch();
	const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce", ...options });
	contexts.set(t, [...(contexts.get(t) ?? []), context]);
	const page = await context.newPage();
	Object.assign(page, { violations: [], errors: [], requests: [] });
	await page.exposeBinding("keywrightViolation", (_, text) => page.violations.push(text));
	await page.addInitScript(() => {
		document.addEventListener("securitypolicyviolation", (event) => {
			window.keywrightViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
		});
	});
	if (init) {
		await page.addInitScript(init);
	}
	page.on("console", (message) => {
		if (message.type() === "error" || /Content Security Policy/.test(message.text())) {
			page.errors.push(`${message.text()} (${message.location().url})`);
		}
	});
	page.on("pageerror", (error) => page.errors.push(String(error)));
	page.on("request", (request) => page.requests.push(request.url()));
	t.after(async () => {
		await leave(t);
		assert.deepEqual(page.violations, [], "the page broke its policy");
		assert.deepEqual(page.errors, [], "the page wrote errors");
	});
	await page.goto(url);
	return page;
}

/** axe fails with what the accessibility judge finds on the page as it is now; only is a selector of a part of it. */
export async function axe(page, only) {
	const session = await page.context().newCDPSession(page);
	// The page's own policy forbids what a page could do to bring the judge in; the debugger may.
	const expression = `${axeSource};axe.run(${JSON.stringify(only ?? null)} ?? document, {resultTypes: ["violations"]}).then((r) =>
		JSON.stringify(r.violations.map((v) => v.id + ": " + v.help + "\\n" + v.nodes.map((n) => "  " + n.html.slice(0, 200) + "\\n    " + n.failureSummary.replaceAll("\\n", " ")).join("\\n"))))`;
	const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, allowUnsafeEvalBlockedByCSP: true });
	await session.detach();
	assert.equal(exceptionDetails, undefined, "the accessibility judge did not run");
	const findings = JSON.parse(result.value);
	assert.equal(findings.length, 0, findings.join("\n"));
}

/** shot writes what the whole page looks like to $KEYWRIGHT_ARTEFACTS, or build/screens beside this file. */
export async function shot(page, name) {
	await mkdir(screens, { recursive: true });
	await page.screenshot({ path: path.join(screens, `${name}.png`), fullPage: true });
}
