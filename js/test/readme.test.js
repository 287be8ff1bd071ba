// SPDX-License-Identifier: Apache-2.0

// Runs the examples of the README.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";

import { generate, hashText, PRESETS } from "../keywright.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

/** What an example imports is the module that the package exports under that name. */
function resolved(code) {
	return code.replace(/from "keywright(\/[\w-]+)?"/g, (_, path = "") => {
		const target = manifest.exports[`.${path}`]?.default;
		assert.ok(target, `the package exports no keywright${path}`);
		return `from ${JSON.stringify(new URL(`../${target}`, import.meta.url).href)}`;
	});
}

test("there are examples", () => assert.ok(examples.length >= 4, String(examples.length)));

for (const [i, code] of examples.entries()) {
	test(`example ${i + 1}`, () => {
		const out = execFileSync(process.execPath, ["--input-type=module", "-"], { input: resolved(code), encoding: "utf8" });
		assert.notEqual(out.trim(), "", "an example shows something");
	});
}

test("what the comments promise is what is printed", () => {
	const run = (/** @type {RegExp} */ which) => {
		const code = examples.find((example) => which.test(example)) ?? "";
		return execFileSync(process.execPath, ["--input-type=module", "-"], { input: resolved(code), encoding: "utf8" });
	};
	assert.match(run(/sample|generate\(\{ prefix/), /^acme_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\n[0-9A-Za-z]{12} [0-9a-f]{64}\n$/);
	assert.match(run(/MalformedError/), /^live [0-9A-Za-z]{12} ok\ntrue\nkey has not the length that its format has\n$/);
	assert.match(run(/inspect/), /^keywright checksum ok acme_live_\w{12}_\*\*\*\n$/);
	assert.match(run(/FormatError/), /secret has 64 bits of entropy, less than 128 32 characters of hex would do\n$/);
});

test("the table of modules is that of the package, and names what they have", async () => {
	const rows = readme.split("\n").filter((line) => line.startsWith("| `keywright/"));
	const shown = rows.map((line) => line.split("`")[1].replace("keywright", "."));
	const exported = Object.keys(manifest.exports).filter((path) => ![".", "./package.json"].includes(path));
	assert.deepEqual([...shown].sort(), [...exported].sort());
	for (const line of rows) {
		const [path, ...quoted] = [...line.matchAll(/`([^`]+)`/g)].map(([, text]) => text);
		const module = await import(new URL(`../${manifest.exports[path.replace("keywright", ".")].default}`, import.meta.url).href);
		for (const name of quoted.map((text) => /^(?:new )?(\w+)/.exec(text)?.[1] ?? "")) {
			const known = name in module || name in (module.Client?.prototype ?? {});
			assert.ok(known || ["prefixed", "POST"].includes(name), `${path} has no ${name}`);
		}
	}
});

test("the table of presets is that of the package", async () => {
	const table = readme.split("\n").filter((line) => line.startsWith("| `") && !line.startsWith("| `keywright/"));
	const named = table.flatMap((line) => [...line.split("|")[1].matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
	assert.deepEqual([...named].sort(), [...PRESETS].sort());
	for (const name of named.filter((one) => one !== "opaque")) {
		const [, , shown, covers] = /** @type {string} */ (table.find((line) => line.includes(`\`${name}\``))).split("|");
		const { key, secret, hash } = await generate({ preset: name });
		const prefixes = [...shown.matchAll(/`([a-z_]+_)`/g)].map(([, prefix]) => prefix);
		assert.ok(prefixes.length === 0 || prefixes.some((prefix) => key.startsWith(prefix)), `${name}: ${shown}`);
		const covered = { "the key": hashText(key), "the secret": hashText(secret) };
		assert.equal(hash, covered[covers.trim()] ?? hash, name);
		assert.ok(covers.trim() in covered || ![hashText(key), hashText(secret)].includes(hash), `${name}: ${covers}`);
	}
});
