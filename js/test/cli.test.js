// SPDX-License-Identifier: Apache-2.0

// npx keywright and the keywright binary, on the same inputs: same standard output, same errors, same exit codes. What is
// random is masked.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { ISSUERS as TABLE } from "../issuers.js";
import { sampleOf } from "./issued.js";
import { readVectors } from "./vectors.js";

const folder = mkdtempSync(join(tmpdir(), "keywright-cli-"));
const module = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(folder, "keywright");
const script = fileURLToPath(new URL("../bin/keywright.js", import.meta.url));
const PROGRAMS = { binary: [binary], npm: [process.execPath, script] };

before(() => execFileSync("go", ["build", "-o", binary, "./cmd/keywright"], { cwd: module, stdio: "inherit" }));
after(() => rmSync(folder, { recursive: true }));

/** Runs one of the programs. */
function run([command, ...first], args, { input = "", cwd = folder, env = {} } = {}) {
	return new Promise((resolve) => {
		const child = spawn(command, [...first, ...args], { cwd, env: { PATH: process.env.PATH, HOME: folder, ...env } });
		const out = { stdout: [], stderr: [] };
		for (const name of ["stdout", "stderr"]) child[name].on("data", (chunk) => out[name].push(chunk));
		child.stdin.on("error", () => {}).end(input);
		child.on("close", (code) => resolve({ code, stdout: Buffer.concat(out.stdout).toString(), stderr: Buffer.concat(out.stderr).toString() }));
	});
}

/** Runs both programs, and compares. */
async function compare(args, options = {}, mask = (text) => text) {
	const [want, got] = await Promise.all([PROGRAMS.binary, PROGRAMS.npm].map((program) => run(program, args, options)));
	for (const answer of [want, got]) {
		answer.stdout = mask(answer.stdout);
		answer.stderr = mask(answer.stderr);
	}
	assert.deepEqual(got, want, `keywright ${args.join(" ")}`);
	return got;
}

/** Leaves of keys, public ids and hashes how long they are. */
const masked = (text) => text.replace(/[\w+/=.:~-]{20,}/g, (run) => "x".repeat(run.length)).replace(/[0-9A-Za-z]{8,}/g, (run) => "x".repeat(run.length));

/** Bytes in base58 have no one length. */
const maskedLengths = (text) => masked(text).replace(/x+/g, "x").replace(/ {2,}/g, "  ").replace(/(x {2})\d+|"secret_length":\d+/g, "$1");

const FORMS = ["json", "csv", "text", "jsonl"];

test("inspect: keys of every format and issuer", async () => {
	const keys = readVectors().filter(({ kind }) => kind === "key" || kind === "issuer").map(({ cases }) => cases[0].key ?? "");
	keys.push(...TABLE.map(({ kinds }) => sampleOf(kinds[0])), "hello", "é".repeat(20), "two\nlines", "x".repeat(70000));
	let seen = 0;
	for (const [i, input] of keys.entries()) {
		const { stdout } = await compare(["inspect", "--output", FORMS[i % FORMS.length]], { input });
		seen += stdout === "" ? 0 : 1;
	}
	assert.ok(seen > 60, `${seen} of ${keys.length} are keys`);
});

test("inspect: asked about one kind", async () => {
	const key = "sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n";
	for (const preset of ["keywright", "public-id", "unambiguous", "secret-key", "seam", "seam-v4", "alphanumeric", "opaque", "github", "stripe", "nothing"]) {
		await compare(["inspect", "--preset", preset], { input: `${key}\r\n` });
	}
});

test("hash and match", async () => {
	writeFileSync(join(folder, "seam.txt"), "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG\n");
	for (const args of [
		["hash"], ["hash", "--preset", "seam"], ["hash", "--preset", "opaque"], ["hash", "--preset", "keywright"],
		["match", "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37"],
		["match", "d5c592d3bea90ea61a09c8bed7c2f83c1e49ca3f510bf24fa2787d0aead2eafc"],
		["match", "--preset", "seam", "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37"],
		["match", "--preset", "keywright", "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37"],
		["match", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"], ["match", "abc"], ["match"], ["match", "a", "b"],
	]) {
		await compare([...args, "--key-file", "seam.txt"]);
		await compare(args, { input: Buffer.from([0xff, 0xfe, 0x41, 0x0a]) });
	}
	await compare(["hash", "--key-file", "missing.txt"]);
	await compare(["hash"], { input: "" });
});

test("generate: keys, their ledger and what is said of them", async () => {
	const presets = ["keywright", "public-id", "unambiguous", "secret-key", "publishable-key", "restricted-key", "webhook-secret", "service-token", "personal-token", "seam", "alphanumeric"];
	for (const [i, preset] of presets.entries()) {
		await compare(["generate", "--preset", preset, "--count", String(1 + (i % 3)), "--output", FORMS[i % 4]], {}, masked);
		await compare(["generate", "--preset", preset, "--table", "--count", "2"], {}, masked);
	}
	await compare(["generate", "--preset", "seam-v4", "--output", "jsonl"], {}, maskedLengths);
	for (const args of [
		["--shape", "prefix", "--preset", "public-id", "--prefix", "st"], ["--shape", "secret-only", "--encoding", "hex", "--bytes", "16"],
		["--shape", "public-id", "--preset", "secret-key"], ["--prefix", "acme", "--separator", "-"], ["--prefix", "acme", "--separator=~"],
		["--prefix", "acme", "--env", "none"], ["--prefix", "acme", "--env", "development"], ["--prefix", "acme", "--env", "sand box!"],
		["--preset", "public-id", "--encoding", "crockford", "--id-bytes", "12"], ["--id-bytes", "0"], ["--no-checksum"], ["--no-checksum=false"],
		["--preset", "secret-key", "--encoding", "hex", "--length", "32"], ["--preset", "unambiguous", "--length", "16", "--count", "1500"],
	]) {
		await compare(["generate", "--output", "jsonl", ...args], {}, masked);
	}
	await compare(["generate", "--output", "csv"], { env: { KEYWRIGHT_PREFIX: "acme", KEYWRIGHT_ID_BYTES: "9" } }, masked);
});

test("generate: files of mode 0600 that replace nothing", async () => {
	for (const [to, hashesTo, count] of [["keys.env", "hashes.csv", 2], [".env", "hashes.json", 1], ["keys.json", "hashes.jsonl", 3], ["keys.csv", "x.csv", 1], ["keys.jsonl", "y.csv", 1]]) {
		const args = ["generate", "--prefix", "acme", "--count", String(count), "--to", to, "--hashes-to", hashesTo];
		const written = [];
		for (const [name, program] of Object.entries(PROGRAMS)) {
			const cwd = join(folder, name);
			mkdirSync(cwd, { recursive: true });
			const { code, stdout, stderr } = await run(program, args, { cwd });
			const files = [to, hashesTo].map((file) => [statSync(join(cwd, file)).mode & 0o777, masked(readFileSync(join(cwd, file), "utf8"))]);
			const again = await run(program, args, { cwd });
			const forced = await run(program, [...args, "--force"], { cwd });
			assert.ok(!readFileSync(join(cwd, hashesTo), "utf8").includes("acme_live_"), "the file of hashes holds a key");
			written.push({ code, stdout, stderr: masked(stderr), files, again, forced: [forced.code, forced.stdout, masked(forced.stderr)] });
			assert.equal(files[0][0], 0o600);
			assert.equal(again.code, 2);
			assert.deepEqual(readdirSync(cwd).filter((file) => /^\..+\.[0-9a-z]+$/.test(file)), [], "a half written file is left");
		}
		assert.deepEqual(written[1], written[0]);
	}
});

test("what cannot be is said in the same words", async () => {
	for (const args of [
		["generate", "--length", "16"], ["generate", "--env", "!!!"], ["generate", "--prefix", "ac me"], ["generate", "--separator", "+"],
		["generate", "--preset", "stripe"], ["generate", "--preset", "opaque"], ["generate", "--prefix", "acme", "--shape", "secret-only"],
		["generate", "--shape", "prefix", "--id-bytes", "9"], ["generate", "--bytes", "32", "--length", "43"], ["generate", "--bytes", "0"],
		["generate", "--length", "-3"], ["generate", "--count", "0"], ["generate", "--count", "many"], ["generate", "--count"],
		["generate", "--preset", "secret-key", "--id-bytes", "8"], ["generate", "--id-bytes", "-1"], ["generate", "--force=perhaps"],
		["generate", "--table", "--output", "json"], ["generate", "--table", "--to", "k.env"], ["generate", "--to", "k.env", "--output", "json"],
		["generate", "--to", "k.csv", "--hashes-to", "k.csv"], ["generate", "--to", "k.txt"], ["generate", "--hashes-to", "k.env"],
		["generate", "--to", "nowhere/k.json"], ["generate", "--to", "env"], ["generate", "--prefx", "acme"], ["generate", "-p", "acme"], ["generate", "acme"],
		["generat"], ["generate", "--prefix", ""], ["generate", "--encoding", "base64url", "--length", "21"],
		["inspect", "sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"], ["sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"],
		["inspect", "--key-file=sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"], ["match", "sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"],
		["inspect", "--output", "xml"], ["inspect", "--xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"], ["inspect", "--key-file", folder],
	]) {
		const { code, stdout, stderr } = await compare(args, {}, (text) => text.replace(/nowhere\/\.k\.json\.\d+: /, ""));
		assert.ok(code > 0 && stdout === "" && /^error: .+\nhint: {2}.+\n$/.test(stderr), `${args.join(" ")}: ${code} ${stderr}`);
		assert.ok(!stderr.includes("xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"), "a key is repeated");
	}
});

test("whoever stops reading stops the keys", async () => {
	const child = spawn(process.execPath, [script, "generate", "--count", "10000000"], { stdio: ["ignore", "pipe", "ignore"] });
	child.stdout.once("data", () => child.stdout.destroy());
	const code = await new Promise((resolve) => child.on("close", resolve));
	assert.equal(code, 3);
});
