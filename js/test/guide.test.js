// SPDX-License-Identifier: Apache-2.0

// Runs the examples of docs/javascript.md, and compares what they print with what their comments say.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

import { start } from "./server.js";

const guide = readFileSync(new URL("../../docs/javascript.md", import.meta.url), "utf8");
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const examples = [...guide.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

/** What an example imports is the module that the package exports under that name. @param {string} code */
function resolved(code) {
	return code.replace(/from "keywright(\/[\w-]+)?"/g, (_, path = "") => {
		const target = manifest.exports[`.${path}`]?.default;
		assert.ok(target, `the package exports no keywright${path}`);
		return `from ${JSON.stringify(new URL(`../${target}`, import.meta.url).href)}`;
	});
}

/** … stands for anything. @param {string} line */
const pattern = (line) =>
	line
		.split("…")
		.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
		.join(".+");

test("the examples of the guide", async (t) => {
	assert.ok(examples.length >= 6, String(examples.length));
	const server = await start(t);
	const env = { ...process.env, KEYWRIGHT_URL: server.url, KEYWRIGHT_SERVICE_KEY: server.key };
	for (const code of examples) {
		const running = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", resolved(code)], {
			env,
			timeout: 30_000,
		});
		const { stdout } = await running;
		const printed = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, want]) => want);
		assert.ok(printed.length > 0, "an example shows something");
		assert.match(stdout, new RegExp(`^${printed.map(pattern).join("\n")}\n$`), code);
	}
});

test("every module of the guide is one of the package", () => {
	const named = [...guide.matchAll(/`keywright(\/[\w-]+)?`/g)].map(([, path = ""]) => `.${path}`);
	for (const name of named) assert.ok(name in manifest.exports, name);
	const exported = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
	assert.deepEqual(
		exported.filter((name) => !named.includes(name)),
		[],
	);
});
