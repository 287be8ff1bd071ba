#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0

// npx keywright: makes keys and tells what kind of key one is, as the keywright binary does, without a server. Keys go to
// standard output, alone; everything else goes to standard error. A key is never an argument. Exit codes: 0 done, 1 refused
// or not valid, 2 wrong usage, 3 could not judge.

import { readFileSync } from "node:fs";
import { EXIT, Failure, misused } from "./failure.js";
import { nearestHint, readFlags, shown } from "./flags.js";
import { generateCommand } from "./generate.js";
import { guard } from "./guard.js";
import { hashCommand, matchCommand } from "./hash.js";
import { helpText } from "./help.js";
import { inspectCommand } from "./inspect.js";
import { palette, print, say } from "./output.js";

/** @type {Record<string, import("./help.js").Command>} */
const COMMANDS = { generate: generateCommand, inspect: inspectCommand, hash: hashCommand, match: matchCommand };

/** Commands of the binary that need a server, or are not in this package. */
const OF_THE_BINARY = [
	"serve", "backup", "restore", "admin", "doctor", "issue", "child", "exchange", "verify", "list", "show", "update", "rotate",
	"end-grace", "disable", "enable", "revoke", "credits", "owners", "usage", "import", "export", "keyspaces", "peppers",
	"signing-keys", "audit", "mcp", "webhook", "token", "sign", "verify-signed", "derive",
];

/** @param {string[]} args */
async function run(args) {
	guard(args);
	const [name, ...rest] = args;
	if (name === undefined || name.startsWith("-")) {
		const { flags, help, rest: others } = readFlags("keywright", [{ name: "version", usage: "print the version" }], args);
		if (others.length > 0) {
			throw unknownCommand(others[0]);
		}
		return print(flags.on("version") && !help ? versionText() : helpText(COMMANDS));
	}
	if (name === "help") {
		return print(helpText(COMMANDS, rest.length === 0 ? undefined : known(rest.join(" "))));
	}
	if (name === "version") {
		return print(versionText());
	}
	const command = COMMANDS[known(name)];
	const { flags, help, rest: others } = readFlags(`keywright ${name}`, command.flags, rest);
	if (help) {
		return print(helpText(COMMANDS, name));
	}
	const hint = `keywright ${name} --help shows how it is used`;
	if (command.argument === undefined && others.length > 0) {
		throw misused(`keywright ${name} takes no arguments`, hint);
	}
	if (command.argument !== undefined && (others.length !== 1 || others[0] === "")) {
		throw misused(`keywright ${name} takes one ${command.argument}`, hint);
	}
	await command.run(flags, others[0] ?? "");
}

/** @param {string} name */
function known(name) {
	if (!Object.hasOwn(COMMANDS, name)) {
		throw unknownCommand(name);
	}
	return name;
}

/** @param {string} name */
function unknownCommand(name) {
	if (OF_THE_BINARY.includes(name)) {
		return misused(`keywright ${name} is not in the npm package`, "it is a command of the keywright binary; this package makes, inspects, hashes and matches keys");
	}
	const text = shown(name);
	const problem = text === "…" || /[/ \t\n]/.test(text) ? "keywright has no such command" : `keywright has no command ${JSON.stringify(text)}`;
	return misused(problem, nearestHint(name, Object.keys(COMMANDS)));
}

function versionText() {
	const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
	return `keywright ${version} (node ${process.version}, ${process.platform}/${process.arch})\n`;
}

/** Says why a command failed, and returns the exit code. @param {unknown} error */
function report(error) {
	const { bad, dim } = palette(process.stderr);
	if (!(error instanceof Failure)) {
		say(`${bad("error:")} ${error instanceof Error && "code" in error ? `the output cannot be written (${error.code})` : "something failed that should not"}`);
		return EXIT.noAnswer;
	}
	if (error.message !== "") {
		say(`${bad("error:")} ${error.message}`);
	}
	if (error.hint !== "") {
		say(`${dim("hint:")}  ${error.hint}`);
	}
	return error.code;
}

process.stdout.on("error", () => {}); // whoever waits for the output is told
process.exitCode = await run(process.argv.slice(2)).then(() => EXIT.done, report);
process.stdin.unref?.();
