// SPDX-License-Identifier: Apache-2.0

// The harness notices what it is for: a judge that finds nothing anywhere would prove nothing.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { axe, open } from "./harness.js";

/** serve shows one text as a page, under a strict policy, until the test ends. */
async function serve(t, html) {
	const server = createServer((request, response) => {
		response.setHeader("Content-Type", "text/html");
		response.setHeader("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:");
		response.statusCode = request.url === "/" ? 200 : 404;
		response.end(request.url === "/" ? html : "");
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => server.close());
	return `http://127.0.0.1:${server.address().port}/`;
}

const head = "<!doctype html><html lang=en><title>A page</title><link rel=icon href=data:,><main><h1>A page</h1>";

test("a page that is as it should be has no findings", async (t) => {
	const page = await open(t, await serve(t, head));
	await axe(page);
	assert.equal(page.requests.length, 1);
});

test("an input without a name is found", async (t) => {
	const page = await open(t, await serve(t, `${head}<input>`));
	await assert.rejects(axe(page), /label: Form elements must have labels/);
});

test("a breach of the policy and an error are noted", async (t) => {
	const page = await open(t, await serve(t, `${head}<script>1</script><script src=/gone.js></script>`));
	await page.waitForFunction(() => document.readyState === "complete");
	assert.match(page.violations.join(), /script-src-elem inline/);
	assert.match(page.errors.join(), /404/);
	page.violations.length = page.errors.length = 0;
});
