// SPDX-License-Identifier: Apache-2.0

// The generator page as a folder: from disk, and from a host that knows nothing of it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { parse, preset } from "../../../../js/keywright.js";
import { axe } from "./harness.js";
import { copied, keys, ledger, opening, set, sha256, url } from "./generator.js";

const script = path.resolve(import.meta.dirname, "../../../../scripts/generator-page");
let folder;

before(async () => {
	folder = await mkdtemp(path.join(tmpdir(), "keywright-page-"));
	await promisify(execFile)(script, [folder]);
});
after(() => rm(folder, { recursive: true }));

/** hosted serves the folder as a plain host does, without a header of its own. */
async function hosted(t) {
	const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
	const server = createServer(async (request, response) => {
		const name = request.url === "/" ? "/index.html" : request.url;
		try {
			const body = await readFile(path.join(folder, path.normalize(name)));
			response.setHeader("Content-Type", types[path.extname(name)] ?? "text/plain");
			response.end(body);
		} catch {
			response.writeHead(404).end();
		}
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => server.close());
	return `http://127.0.0.1:${server.address().port}/`;
}

for (const [place, address] of [["disk", () => pathToFileURL(path.join(folder, "index.html")).href], ["a static host", hosted]]) {
	test(`from ${place}`, async (t) => {
		const page = await opening(t, { url: await address(t) });
		const key = await copied(page, page.getByRole("button", { name: "Copy key" }));
		assert.equal(parse(preset("public-id"), key).checksum, "ok");
		const loaded = page.requests.length;
		await page.getByRole("button", { name: "Make a batch" }).click();
		await set(page, { encoding: "crockford", count: 50 });
		const made = await keys(page);
		assert.equal(new Set(made).size, 50);
		assert.deepEqual((await ledger(page)).map((row) => row[5]), made.map(sha256));
		assert.deepEqual(page.requests.slice(loaded), []);
		assert.deepEqual(page.requests.map((request) => path.basename(new URL(request).pathname)).sort(),
			[place === "disk" ? "index.html" : "", "base.css", "generator.css", "generator.js", "ledger.css"].sort());
		await axe(page); // asks for style sheets on its own account
		const refused = await page.evaluate(() => {
			try {
				document.body.innerHTML = "<b>markup</b>";
				return "taken";
			} catch {
				return "refused";
			}
		});
		assert.equal(refused, "refused", "Trusted Types are off");
		await page.waitForTimeout(100);
		assert.match(page.violations.join(), /require-trusted-types-for/);
		page.violations.length = page.errors.length = 0;
	});
}

test("the policy is that of the server", async () => {
	const sent = (await fetch(url)).headers.get("Content-Security-Policy");
	const written = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(await readFile(path.join(folder, "index.html"), "utf8"))[1];
	assert.equal(written, sent.replace("frame-ancestors 'none'; ", ""));
});

test("a folder with other things in it is left alone", async (t) => {
	const other = await mkdtemp(path.join(tmpdir(), "keywright-page-"));
	t.after(() => rm(other, { recursive: true }));
	await promisify(execFile)("touch", [path.join(other, "precious")]);
	await assert.rejects(promisify(execFile)(script, [other]), /holds no generator page/);
	await promisify(execFile)(script, [folder]); // its own is written anew
});
