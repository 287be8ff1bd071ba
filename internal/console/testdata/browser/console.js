// SPDX-License-Identifier: Apache-2.0

// The console for a test: signed in, at one of its pages, and what every page of it must keep.

import assert from "node:assert/strict";
import { open } from "./harness.js";

/** The one error that is expected at first: nobody is signed in. */
const NOBODY = /status of 401 .*\/v1\/sessions/;

/**
 * Opens a page of the console and signs in.
 * @param {any} t
 * @param {{url: string, key: string}} server
 * @param {string} path
 * @param {any} [options] of open; key: another service key
 */
export async function enter(t, server, path, { key = server.key, ...options } = {}) {
	const page = await open(t, server.url + path, options);
	page.setDefaultTimeout(10_000);
	await signIn(page, key);
	await page.waitForSelector("#main h1");
	expected(page, NOBODY);
	return page;
}

/** Types a service key where it is asked for. */
export async function signIn(page, key) {
	await page.getByLabel("Service key").fill(key);
	await page.getByRole("button", { name: "Sign in" }).click();
}

/** Another tab of the same browser. */
export async function anotherTab(page, url) {
	const tab = await page.context().newPage();
	await tab.goto(url);
	await tab.waitForSelector("#main h1");
	return tab;
}

/** Takes errors out that a test provoked; there must be some. */
export function expected(page, pattern) {
	const rest = page.errors.filter((error) => !pattern.test(error));
	assert.notEqual(rest.length, page.errors.length, `no error is like ${pattern}: ${page.errors}`);
	page.errors.splice(0, page.errors.length, ...rest);
}

/** Shows the key of a SecretBox, says that it is stored, and returns it. */
export async function take(page) {
	await page.getByRole("button", { name: "Show", exact: true }).click();
	const key = (await page.locator("output.secret").innerText()).trim();
	await page.getByLabel("I have stored it").check();
	return key;
}

/** What a page keeps where scripts can read it, and the cookies. */
export async function kept(page) {
	const script = await page.evaluate(async () => ({
		local: Object.entries(localStorage), session: Object.entries(sessionStorage), cookie: document.cookie,
		databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
	}));
	return { ...script, cookies: await page.context().cookies() };
}

/** Whether a page lies within its window: nothing makes it scroll sideways. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
