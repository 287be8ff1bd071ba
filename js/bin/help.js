// SPDX-License-Identifier: Apache-2.0

import { palette } from "./output.js";

const WIDTH = 100;

const EXIT_CODES = `  0  done
  1  refused or not valid
  2  wrong usage
  3  could not judge`;

/**
 * @typedef {import("./flags.js").Flag} Flag
 *
 * A command: how it is called, what it does in a line and at length, examples, flags, and what it takes after them.
 * @typedef {{use: string, short: string, long: string, examples: string, flags: Flag[], argument?: string,
 *	run: (flags: import("./flags.js").Flags, argument: string) => Promise<void>}} Command
 */

/**
 * The help of the program, or of one of its commands.
 * @param {Record<string, Command>} commands @param {string} [name]
 */
export function helpText(commands, name) {
	const { heading } = palette(process.stdout);
	const width = Math.min(process.stdout.columns || WIDTH, WIDTH);
	const command = name === undefined ? undefined : commands[name];
	const sections = [];
	/** @param {string} title @param {string} text */
	const section = (title, text) => text && sections.push(`\n${heading(title)}\n${text}\n`);
	if (command) {
		sections.push(`${reflow(command.long, width)}\n`);
		section("Usage", `  keywright ${command.use}`);
		section("Examples", command.examples);
		section("Flags", flagList(command.flags, width));
	} else {
		sections.push(`${reflow(ABOUT, width)}\n`);
		section("Usage", "  keywright COMMAND [flags]");
		section("Examples", "  npx keywright generate --prefix acme\n  npx keywright inspect");
		const longest = Math.max(...Object.keys(commands).map((n) => n.length));
		section("Commands", Object.entries(commands).map(([n, c]) => `  ${n.padEnd(longest)}  ${c.short}`).join("\n"));
		section("Flags", flagList([{ name: "version", usage: "print the version" }], width));
	}
	section("Flags of all commands", "  -h, --help   show this help");
	section("Exit codes", EXIT_CODES);
	sections.push("\nEvery flag can be given as a variable: --id-bytes as KEYWRIGHT_ID_BYTES.\n");
	return sections.join("");
}

const ABOUT = `Keywright makes API keys, and tells what kind of key one is, without a server.

A key is never an argument: it is read from standard input, from a prompt without echo, or from a file. Keys go to
standard output, alone; everything else goes to standard error. Nothing is sent anywhere.`;

/** Breaks paragraphs into lines of at most width columns. @param {string} text @param {number} width */
function reflow(text, width) {
	return text.trim().split("\n\n").map((paragraph) => {
		const lines = [""];
		for (const word of paragraph.split(/\s+/)) {
			const line = lines[lines.length - 1];
			if (line !== "" && line.length + 1 + word.length > width) {
				lines.push(word);
			} else {
				lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
			}
		}
		return lines.join("\n");
	}).join("\n\n");
}

/** @param {Flag[]} flags @param {number} width */
function flagList(flags, width) {
	const heads = flags.map((f) => `--${f.name}${f.value === undefined ? "" : ` ${f.value}`}`);
	const longest = Math.max(...heads.map((head) => head.length));
	const indent = " ".repeat(longest + 9);
	return flags.map((f, i) => {
		const usage = f.usage + (f.initial === undefined ? "" : f.number ? ` (default ${f.initial})` : ` (default "${f.initial}")`);
		return `      ${heads[i].padEnd(longest)}   ${reflow(usage, width - indent.length).replaceAll("\n", `\n${indent}`)}`;
	}).join("\n");
}
