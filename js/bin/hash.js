// SPDX-License-Identifier: Apache-2.0

import { digestHex, hashText, parseHash } from "../hash.js";
import { inspect } from "../inspect.js";
import { parseNormalized } from "../parse.js";
import { PRESETS } from "../preset.js";
import { EXIT, Failure, misused } from "./failure.js";
import { inspectKey, KEY_FILE } from "./inspect.js";
import { readKey } from "./keyinput.js";
import { print, say } from "./output.js";

/** @typedef {import("./help.js").Command} Command */

/** @param {string} usage @returns {import("./flags.js").Flag} */
const presetFlag = (usage) => ({ name: "preset", value: "NAME", usage, words: PRESETS });

/** @type {Command} */
export const hashCommand = {
	use: "hash [flags]",
	short: "Print the storage hash of a key",
	long: `Print the storage hash of a key: SHA-256 in hex, the only form in which a key should be kept.

One newline at the end is not part of the key. With --preset the hash covers what keys of that format say:
the secret alone for seam and unambiguous, its bytes for seam-v4, the whole key for all others.`,
	examples: `  npx keywright hash                           (paste; no echo)
  npx keywright hash --key-file key.txt
  printf %s "$ACME_API_KEY" | npx keywright hash --preset seam`,
	flags: [presetFlag("hash as keys of the format NAME are hashed"), KEY_FILE],
	async run(flags) {
		const key = await readKey(flags.text("key-file"));
		await print(`${hashAs(key, flags.text("preset"))}\n`);
	},
};

/** @type {Command} */
export const matchCommand = {
	use: "match HASH [flags]",
	short: "Tell whether a key matches a storage hash",
	long: `Tell whether a key matches a storage hash: exit code 0 if it does, 1 if it does not.

The hash is SHA-256 in hex, base64 or base58. It may cover the whole key, or the secret alone where the key is
of a format like that; --preset names the one format to try.`,
	examples: `  npx keywright match d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37
  npx keywright match --key-file key.txt DYu3G8aGTMBW1WrTw76zxQJQU4DHLw9MLyy7peG4LKkY`,
	flags: [presetFlag("try the format NAME alone"), KEY_FILE],
	argument: "HASH",
	async run(flags, argument) {
		const want = wantedHash(argument);
		const what = matching(await readKey(flags.text("key-file")), flags.text("preset"), want);
		say(what === "" ? "no match" : `match · ${what}`);
		if (what === "") {
			throw new Failure(EXIT.refused, "");
		}
	},
};

/** @param {string} text */
function wantedHash(text) {
	try {
		return parseHash(text);
	} catch {
		throw misused("the argument is not a SHA-256 hash", "give 64 hex digits, base64 or base58; " +
			"if it was a key, rotate it and clear the shell's history: the key itself goes to standard input");
	}
}

/**
 * The storage hash of a key, as keys of a preset are hashed.
 * @param {Uint8Array} key @param {string} preset
 */
function hashAs(key, preset) {
	if (preset === "" || preset === "opaque") {
		return digestHex(key, 0, key.length);
	}
	const { found, verdict } = inspectKey(key, preset);
	if (verdict) {
		throw verdict;
	}
	return found[0].storageHash;
}

/**
 * Says what of the key the hash covers, or nothing where it does not match. Hashes are no secrets: they are compared as
 * texts.
 * @param {Uint8Array} key @param {string} preset @param {string} want
 */
function matching(key, preset, want) {
	if (preset !== "") {
		return hashAs(key, preset) === want ? `as a key of ${preset}` : "";
	}
	if (digestHex(key, 0, key.length) === want) {
		return "the hash covers the whole key";
	}
	for (const c of inspect(key)) {
		if (c.format.hash === "bytes" && c.storageHash === want) {
			return "the hash covers the bytes of the secret";
		}
		if (hashText(parseNormalized(c.format, key).secret) === want) {
			return "the hash covers the secret";
		}
	}
	return "";
}
