// SPDX-License-Identifier: Apache-2.0

// Opens a page of the console as somebody who signs in with a service key.

import { open } from "./harness.js";

/**
 * enter signs in, and shows a page. That nobody was signed in before is asked and answered with 401, which is no fault.
 * @param {any} t
 * @param {{url: string, key: string}} server
 * @param {string} path below /console/
 * @param {any} [options] those of open, and key: another service key than the first
 */
export async function enter(t, server, path, { key = server.key, ...options } = {}) {
	const page = await open(t, `${server.url}/console/${path}`, options);
	page.setDefaultTimeout(10_000);
	await page.getByLabel("Service key").fill(key);
	await page.keyboard.press("Enter");
	await page.locator("#main h1").waitFor();
	page.errors.splice(0, page.errors.length, ...page.errors.filter((text) => !/401 .*\/v1\/sessions/.test(text)));
	return page;
}

/** expect takes away the errors that the browser notes for answers that a test provokes, and fails where there was none. */
export function expect(page, status) {
	const others = page.errors.filter((text) => !text.includes(`status of ${status} `));
	if (others.length === page.errors.length) throw new Error(`no answer with ${status}: ${page.errors.join("\n")}`);
	page.errors.splice(0, page.errors.length, ...others);
}
