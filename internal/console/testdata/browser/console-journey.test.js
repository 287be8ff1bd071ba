// SPDX-License-Identifier: Apache-2.0

// What somebody does who has never read a document: sign in, make a keyspace, issue, rotate, end the grace, revoke.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, take } from "./console.js";
import { axe, shot } from "./harness.js";
import { start } from "./server.js";

test("a newcomer finds the way from the sign-in to a revoked key", async (t) => {
	const server = await start(t);
	const page = await enter(t, server, "/console/");
	let step = 0;
	const look = async (name) => {
		await axe(page);
		await shot(page, `journey-${++step}-${name}`);
	};
	const code = async (key) => (await server.api("POST", "/v1/verify", { key, keyspace: "shop", environment: "live", scopes: ["orders:read"] })).code;
	await look("signed-in");

	await page.getByRole("link", { name: "Keyspaces" }).click();
	await page.getByRole("link", { name: "Create a keyspace" }).click();
	await page.getByLabel("Name", { exact: true }).fill("shop");
	await look("create-keyspace");
	await page.getByRole("button", { name: "Create the keyspace" }).click();
	await page.getByRole("heading", { name: "Keyspace shop" }).waitFor();
	await look("keyspace");

	await page.getByRole("link", { name: "Issue a key" }).click();
	await page.getByLabel("Keyspace", { exact: true }).selectOption("shop");
	await page.getByLabel(/^Name/).first().fill("checkout");
	await page.getByLabel(/^Scopes/).first().fill("orders:read");
	await look("issue");
	await page.getByRole("button", { name: "Issue the key" }).click();
	const first = await take(page);
	await look("issued");
	assert.equal(await code(first), "VALID");
	await page.getByRole("button", { name: "Go to the key" }).click();

	await page.getByRole("link", { name: "Rotate" }).click();
	await look("rotate");
	await page.getByRole("button", { name: "Rotate", exact: true }).click();
	const second = await take(page);
	await look("rotated");
	assert.equal(await code(second), "VALID");
	assert.equal(await code(first), "VALID");
	await page.getByRole("button", { name: "Stored: go on" }).click();

	await page.getByRole("button", { name: "End the grace now…" }).click();
	await page.getByLabel("Even if an old secret was used").check();
	await look("end-grace");
	await page.getByRole("button", { name: "End the grace", exact: true }).click();
	await page.getByRole("dialog").waitFor({ state: "detached" });
	assert.notEqual(await code(first), "VALID");
	assert.equal(await code(second), "VALID");

	await page.getByRole("link", { name: "To the key" }).click();
	await page.getByRole("button", { name: "Revoke" }).click();
	await page.getByLabel(/to confirm/).fill("checkout");
	await look("revoke");
	await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
	await page.getByText("no node answers VALID for this key").waitFor();
	await look("revoked");
	assert.equal(await code(second), "REVOKED");

	await page.getByRole("link", { name: "Audit", exact: true }).click();
	await page.getByRole("heading", { name: "Audit", exact: true }).waitFor();
	await page.locator("tbody").getByText("key.revoke", { exact: true }).waitFor();
	const verbs = await page.locator("tbody tr td:nth-child(3)").allInnerTexts();
	assert.deepEqual(verbs.filter((verb) => /^key\.(?!used_after)|^keyspace\./.test(verb)).slice(0, 5), ["key.revoke", "key.end_grace", "key.rotate", "key.issue", "keyspace.create"]);
	await look("audit");
});
