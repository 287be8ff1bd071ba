// SPDX-License-Identifier: Apache-2.0

// The tests of the package in the engines of Bun and Deno: all that need neither a server nor another package.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { promisify } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const FILES = [
	"aerostack",
	"edge",
	"seam",
	"client-network",
	"errors",
	"generate",
	"seam-v4",
	"sha256",
	"signed",
	"vectors",
].map((name) => `./${name}.test.js`);

/** @type {Record<string, [string, string[], RegExp, RegExp]>} where it is, how it is called, and what it says at the end */
const engines = {
	Bun: ["@oven/bun-linux-x64/bin/bun", ["test", ...FILES], /^ *(\d+) pass$/m, /^ *0 fail$/m],
	Deno: [
		"@deno/linux-x64-glibc/deno",
		["test", "--allow-all", "--no-check", "--no-lock", ...FILES],
		/ok \| (\d+) passed/,
		/\| 0 failed/,
	],
};

for (const [name, [binary, parameters, passed, failed]] of Object.entries(engines)) {
	const path = `${here}node_modules/${binary}`;
	const missing = !existsSync(path) && process.env.KEYWRIGHT_TEST_REQUIRE !== "1";
	test(name, { skip: missing ? `${name} is not installed: npm ci in js/test` : false }, async () => {
		const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", NODE_TEST_CONTEXT: undefined };
		const { stdout, stderr } = await promisify(execFile)(path, parameters, { cwd: here, env, maxBuffer: 64 << 20 }).catch(
			(error) => {
				throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
			},
		);
		const said = stdout + stderr;
		assert.ok(Number(passed.exec(said)?.[1]) > 100, said);
		assert.match(said, failed);
	});
}
