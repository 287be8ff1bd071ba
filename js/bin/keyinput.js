// SPDX-License-Identifier: Apache-2.0

// How a key comes in: from a file, from a prompt without echo, or from standard input.

import { closeSync, openSync, readSync } from "node:fs";
import { fileProblem, misused, unknowable } from "./failure.js";
import { KEY_INPUT_HINT } from "./guard.js";

/** Far beyond any key, and little enough to be read from whatever is given by mistake. */
const MAX_INPUT = 64 << 10;

/**
 * Reads a key. One newline at its end is not part of it.
 * @param {string} file
 * @returns {Promise<Uint8Array>}
 */
export async function readKey(file) {
	let text = file === "" && process.stdin.isTTY ? await prompt("key: ") : await readInput(file);
	for (const end of [0x0a, 0x0d]) {
		if (text.at(-1) === end) {
			text = text.subarray(0, -1);
		}
	}
	if (text.length === 0) {
		throw misused("no key was given", KEY_INPUT_HINT);
	}
	if (text.includes(0x0a) || text.includes(0x0d)) {
		throw misused("more than one line was given", "give one key, alone");
	}
	return text;
}

/** @param {string} file @returns {Promise<Buffer>} */
async function readInput(file) {
	const text = file === "" ? await readStandardInput() : readFile(file);
	if (text.length > MAX_INPUT) {
		throw misused("what was given is far longer than a key", "give one key, alone");
	}
	return text;
}

async function readStandardInput() {
	/** @type {Buffer[]} */
	const chunks = [];
	let size = 0;
	try {
		for await (const chunk of process.stdin) {
			chunks.push(chunk);
			if ((size += chunk.length) > MAX_INPUT) {
				break;
			}
		}
	} catch {
		throw unknowable("the key could not be read", KEY_INPUT_HINT);
	}
	return Buffer.concat(chunks);
}

/** @param {string} file */
function readFile(file) {
	let fd;
	try {
		fd = openSync(file, "r");
	} catch (error) {
		throw misused(`the key file cannot be read: ${file}: ${fileProblem(error)}`, "name a file that holds the key and nothing else");
	}
	try {
		const room = Buffer.alloc(MAX_INPUT + 1);
		let size = 0;
		for (let n = 1; n > 0 && size < room.length; size += n) {
			n = readSync(fd, room, size, room.length - size, null);
		}
		return room.subarray(0, size);
	} catch (error) {
		throw unknowable(`the key could not be read: read ${file}: ${fileProblem(error)}`, KEY_INPUT_HINT);
	} finally {
		closeSync(fd);
	}
}

/**
 * Asks for a key without showing what is typed.
 * @param {string} question
 * @returns {Promise<Buffer>}
 */
function prompt(question) {
	const { stdin, stderr } = process;
	stdin.setRawMode(true);
	stderr.write(question);
	/** @type {number[]} */
	let typed = [];
	return new Promise((resolve, reject) => {
		const end = () => {
			stdin.off("data", take).setRawMode(false).pause();
			stderr.write("\n");
		};
		/** @param {Buffer} bytes */
		const take = (bytes) => {
			for (const byte of bytes) {
				if (byte === 0x03) { // Ctrl-C
					end();
					return reject(unknowable("interrupted", ""));
				}
				if (byte === 0x0d || byte === 0x0a || byte === 0x04) { // the line is complete, or the input
					end();
					return resolve(Buffer.from(typed));
				}
				typed = edited(typed, byte);
			}
		};
		stdin.on("data", take).resume();
	});
}

/** What is typed once a byte was added, or taken away. @param {number[]} typed @param {number} byte */
function edited(typed, byte) {
	switch (byte) {
		case 0x7f:
		case 0x08: // backspace
			return typed.slice(0, -1);
		case 0x15: // Ctrl-U
			return [];
	}
	return typed.length > MAX_INPUT ? typed : [...typed, byte];
}
