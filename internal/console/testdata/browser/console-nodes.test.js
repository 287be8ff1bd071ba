// SPDX-License-Identifier: Apache-2.0

// The nodes of a store in the console, over a server that is alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, overflow } from "./console.js";
import { axe, shot } from "./harness.js";
import { start } from "./server.js";

for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, narrow: { width: 360 } })) {
	test(`the node that answers is told, and the page follows it, ${look}`, async (t) => {
		const server = await start(t);
		const told = await server.api("GET", "/v1/nodes");
		const page = await enter(t, server, "/console/nodes", options);
		const row = page.getByRole("region", { name: "Nodes, table" }).locator("tbody tr");
		await row.getByText("answers you").waitFor();
		assert.equal(await row.count(), told.nodes.length);
		assert.match(await row.innerText(), /ready/);
		await page.getByText("It holds the store alone", { exact: false }).waitFor();
		await axe(page);
		await shot(page, `nodes-${look}`);
		assert.equal(await overflow(page), 0);
		const last = page.locator("dl.facts div").filter({ hasText: "Last event of the store" }).locator("dd");
		const before = await last.innerText();
		await server.api("POST", "/v1/keys", { keyspace: "default", name: "another" });
		await page.waitForFunction(([from]) => [...document.querySelectorAll("dl.facts dt")].some((dt) => dt.textContent === "Last event of the store" && dt.nextElementSibling?.textContent !== from), [before]);
		await page.getByRole("button", { name: "Follow" }).click();
		await page.waitForTimeout(300); // what was asked before has come
		const asked = () => page.requests.filter((/** @type {string} */ url) => url.endsWith("/v1/nodes")).length;
		const sofar = asked();
		await page.waitForTimeout(2500);
		assert.equal(asked(), sofar, "it goes on asking");
	});
}
