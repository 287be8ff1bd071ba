// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import test from "node:test";

import { crc32, crockford4, number62 } from "../check.js";
import { chars, decode, decodeBase58, encode, holds } from "../encoding.js";
import {
	diagnose, entropy, environment, hash, MalformedError, make, match, normalize, parse, parseHash, preset, PRESETS, row,
} from "../keywright.js";
import { bytesOf } from "../text.js";
import { readVectors, yielding } from "./vectors.js";

const INSPECTED = "read by inspect.test.js";
const SERVER = "scopes are judged by the server alone";
const RECORD = "ids of records are made and read by the server alone";

// The files that are not read here, and why. A file that is neither here nor of a kind below fails.
const NOT_READ = {
	"issuer-anthropic": INSPECTED, "issuer-atlassian": INSPECTED, "issuer-cloudflare": INSPECTED, "issuer-environment": INSPECTED,
	"issuer-github": INSPECTED, "issuer-github-fine-grained": INSPECTED, "issuer-github-refresh": INSPECTED,
	"issuer-github-reject": INSPECTED, "issuer-github-stateless": INSPECTED, "issuer-github-unsure": INSPECTED,
	"issuer-github-wrong": INSPECTED, "issuer-github-zero-padded": INSPECTED, "issuer-gitlab-classic": INSPECTED,
	"issuer-gitlab-reject": INSPECTED, "issuer-gitlab-routable": INSPECTED, "issuer-gitlab-routable-old": INSPECTED,
	"issuer-gitlab-wrong": INSPECTED, "issuer-grafana": INSPECTED, "issuer-grafana-wrong": INSPECTED, "issuer-npm": INSPECTED,
	"issuer-openai": INSPECTED, "issuer-sentry": INSPECTED, "issuer-vercel": INSPECTED, "issuer-zuplo": INSPECTED,
	"key-id-forms": RECORD, "key-id-made": RECORD, "key-id-reject": RECORD,
	"scope-expr": SERVER, "scope-expr-reject": SERVER, "scope-included": SERVER, "scope-match": SERVER, "scope-no-match": SERVER,
	"scope-not-asked": SERVER, "scope-not-included": SERVER, "scope-reserved": SERVER, "scope-syntax": SERVER,
};

/** For each kind: what reads a case, and the fields that a case may have. */
const KINDS = {
	key: [
		testKey,
		"format key key_base64 canonical prefix environment public_id secret checksum hash error detail inspect inspect_as",
	],
	generate: [testGenerate, "format random_hex environment key hash"],
	checksum: [testChecksum, "checksum body text"],
	encoding: [testEncoding, "encoding bytes_hex text"],
	number: [testNumber, "number text"],
	hash: [testHash, "text encoding hex error"],
	environment: [testEnvironment, "label text error"],
	preset: [testPreset, "name format"],
	format: [testFormat, "format error entropy_bits secret"],
};

const files = readVectors();
const seen = new Set();
for (const { name, kind, cases } of files) {
	if (name in NOT_READ) continue;
	test(name, () => {
		assert.ok(kind in KINDS, `${name} is of the kind ${kind}, which nothing reads: write what does, or say why not in NOT_READ`);
		const [run, fields] = KINDS[kind];
		for (const [i, c] of cases.entries()) {
			const unknown = Object.keys(c).filter((field) => !fields.split(" ").includes(field));
			assert.deepEqual(unknown, [], `${name}/${i}: fields that nothing reads`);
			run(c, `${name}/${i}`);
		}
	});
	seen.add(kind);
}

test("every kind has a file, and every file that is left out is there", () => {
	assert.deepEqual([...seen].sort(), Object.keys(KINDS).sort());
	const names = files.map(({ name }) => name);
	assert.deepEqual(Object.keys(NOT_READ).filter((name) => !names.includes(name)), []);
	const presets = files.find(({ kind }) => kind === "preset")?.cases.map((c) => c.name);
	assert.deepEqual(presets, PRESETS, "the presets, in the order of Go");
});

const unhex = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, "hex"));

/** Takes a key through every entrance: normalize, parse, check, hash, match, write again. */
function testKey(c, name) {
	const f = normalize(c.format);
	assert.deepEqual(f, c.format, `${name}: the format is not the normalized one`);
	const entrances = c.key_base64 ? [unhex(Buffer.from(c.key_base64, "base64").toString("hex"))] : [c.key, bytesOf(c.key)];
	for (const key of entrances) {
		if (c.error) checkRefused(f, c, key, name);
		else checkRead(f, c, key, name);
	}
}

function checkRefused(f, c, key, name) {
	const text = typeof key === "string" ? key : Buffer.from(key).toString();
	for (const refuse of [() => parse(f, key), () => hash(f, key)]) {
		assert.throws(refuse, (error) => {
			assert.ok(error instanceof MalformedError, `${name}: ${error}`);
			assert.ok(c.error === "any" || error.segment === c.error, `${name}: "${error.message}" is of ${error.segment}, not ${c.error}`);
			assert.ok(text.length <= 16 || !String(error.stack).includes(text), `${name}: the error repeats the key`);
			return true;
		}, name);
	}
	const why = diagnose(f, key);
	assert.ok(why !== "" && why.includes(c.detail ?? ""), `${name}: ${why}`);
	assert.ok(text.length <= 16 || !why.includes(text), `${name}: the diagnosis repeats the key`);
}

function checkRead(f, c, key, name) {
	const parsed = parse(f, key);
	assert.deepEqual(parsed, {
		key: c.canonical ?? c.key, prefix: c.prefix ?? "", environment: c.environment ?? "", publicId: c.public_id ?? "",
		secret: c.secret, checksum: c.checksum,
	}, name);
	assert.equal(writtenAgain(f, parsed), c.canonical ?? c.key, name);
	assert.equal(hash(f, key), c.hash, name);
	assert.equal(diagnose(f, key) !== "", c.checksum === "wrong", name);
	if (typeof key === "string") {
		assert.ok(match(key, c.hash, f), name);
		assert.ok(!match(key, "00".repeat(32), f), name);
	}
}

/** Writes a key from its segments. */
function writtenAgain(f, parsed) {
	const size = { none: 0, crc32: 6, crockford4: 4 }[f.checksum];
	const labels = [parsed.prefix, parsed.environment, parsed.publicId].filter(Boolean).map((label) => label + f.separator).join("");
	const checksum = size > 0 ? parsed.key.slice(-size) : "";
	return labels + parsed.secret + (f.checksum === "crockford4" ? f.separator : "") + checksum;
}

function testGenerate(c, name) {
	const format = c.environment && c.format.environment ? { ...c.format, environment: c.environment } : c.format;
	const [made] = make(format, 1, yielding(unhex(c.random_hex)));
	assert.equal(made.key, c.key, name);
	assert.equal(made.hash, c.hash, name);
	assert.equal(row(made).storage_hash, c.hash, name);
	const { key, prefix, environment: label, publicId, secret, checksum } = made;
	assert.deepEqual(parse(format, key), { key, prefix, environment: label, publicId, secret, checksum }, name);
}

function testChecksum(c, name) {
	const bytes = bytesOf(c.body);
	const made = { crc32: () => number62(crc32(bytes, 0, bytes.length)), crockford4: () => crockford4(bytes, bytes.length) };
	assert.equal(made[c.checksum](), c.text, name);
}

function testEncoding(c, name) {
	const bytes = unhex(c.bytes_hex);
	assert.equal(encode(c.encoding, bytes), c.text, name);
	if (c.encoding === "base58") {
		assert.deepEqual(decodeBase58(c.text, bytes.length), bytes, name);
		return;
	}
	assert.equal(chars(c.encoding, bytes.length), c.text.length, name);
	assert.deepEqual(decode(c.encoding, c.text), bytes, name);
	assert.ok(bytes.length === 0 || holds(c.encoding, c.text, bytes.length), name);
}

function testNumber(c, name) {
	assert.equal(number62(Number(c.number)), c.text, name);
}

function testHash(c, name) {
	if (c.error) assert.throws(() => parseHash(c.text, c.encoding), /hash/, name);
	else assert.equal(parseHash(c.text, c.encoding), c.hex, name);
}

function testEnvironment(c, name) {
	if (c.error) assert.throws(() => environment(c.label), { field: "environment" }, name);
	else assert.equal(environment(c.label), c.text, name);
}

function testPreset(c, name) {
	assert.ok(PRESETS.includes(c.name), name);
	assert.equal(JSON.stringify(preset(c.name)), JSON.stringify(c.format), `${name}: not the same JSON, field by field`);
	assert.deepEqual(normalize(JSON.parse(JSON.stringify(preset(c.name)))), c.format, name);
}

function testFormat(c, name) {
	if (c.error) {
		assert.throws(() => normalize(c.format), { name: "FormatError", field: c.error }, name);
		return;
	}
	const f = normalize(c.format);
	if (c.entropy_bits) assert.ok(Math.abs(entropy(f) - c.entropy_bits) <= 0.001, `${name}: ${entropy(f)} bits`);
	if (c.secret) assert.deepEqual(f.secret, c.secret, name);
}
