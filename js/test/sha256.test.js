// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import test from "node:test";

import { hashText, sha256 } from "../keywright.js";
import { digestHex } from "../hash.js";
import { bytesOf } from "../text.js";

const webCrypto = async (/** @type {Uint8Array} */ bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString("hex");

const random = (/** @type {number} */ length) => {
	const bytes = new Uint8Array(length);
	for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
	return bytes;
};

test("every length up to 300 bytes", async () => {
	for (let length = 0; length <= 300; length++) {
		for (const bytes of [new Uint8Array(length), new Uint8Array(length).fill(0xff), random(length)]) {
			assert.deepEqual(sha256(bytes), await webCrypto(bytes), `${length} bytes`);
		}
	}
});

test("long and random inputs", async () => {
	for (const length of [1000, 4096, 65536, 1 << 20]) {
		const bytes = random(length);
		assert.deepEqual(sha256(bytes), await webCrypto(bytes), `${length} bytes`);
	}
	for (let i = 0; i < 500; i++) {
		const bytes = random(Math.floor(Math.random() * 2000));
		assert.deepEqual(sha256(bytes), await webCrypto(bytes), hex(bytes));
	}
});

test("a part of the bytes", async () => {
	const bytes = random(400);
	for (let from = 0; from < 200; from += 7) {
		for (let to = from; to < 400; to += 13) {
			assert.equal(digestHex(bytes, from, to), hex(await webCrypto(bytes.subarray(from, to))), `${from} to ${to}`);
		}
	}
});

test("text is hashed as UTF-8", async () => {
	for (const text of ["", "abc", "ümläut", "日本", "🔑", "a".repeat(1000)]) {
		assert.equal(hashText(text), hex(await webCrypto(bytesOf(text))), text);
	}
});
