// SPDX-License-Identifier: Apache-2.0

// The real server for a test: the binary that KEYWRIGHT_BINARY names, over a fresh folder, at a free port of this machine.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { leave } from "./harness.js";

const READY = /ready on (http:\/\/127\.0\.0\.1:\d+)/;
const STARTS_WITHIN = 30_000;
const STOPS_WITHIN = 10_000;

/**
 * @typedef {object} Run what a command left
 * @property {string} stdout
 * @property {string} stderr
 * @property {number} code
 */

/**
 * @typedef {object} Server
 * @property {string} url without a slash at the end
 * @property {string} key the first service key, with all scopes
 * @property {string} folder home of the server and of the commands
 * @property {(args: string[], stdin?: string) => Promise<Run>} run runs keywright, signed in to this server
 * @property {(method: string, path: string, body?: unknown) => Promise<any>} api asks as the first service key; throws a refusal
 * @property {() => string} log what the server has said
 * @property {() => Promise<void>} stop ends it, and removes its folder
 */

/**
 * Starts a server that is stopped at the end of the test.
 * @param {{after: (f: () => Promise<void>) => void} | null} t the test; null: who starts it must stop it
 * @param {{flags?: string[]}} [options]
 * @returns {Promise<Server>}
 */
export async function start(t, { flags = [] } = {}) {
	const binary = process.env.KEYWRIGHT_BINARY;
	if (!binary) throw new Error("KEYWRIGHT_BINARY does not name the program: go build -o build/keywright ./cmd/keywright");
	const folder = await mkdtemp(join(tmpdir(), "keywright-browser-"));
	const keyFile = join(folder, "admin-key");
	const env = { HOME: folder, PATH: process.env.PATH ?? "", TMPDIR: folder };
	const child = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--log-format", "text", "--drain", "50ms", "--stop-timeout", "2s",
		"--data", join(folder, "data"), "--admin-key-file", keyFile, ...flags], { env, stdio: ["ignore", "ignore", "pipe"] });
	const ended = once(child, "exit").catch(() => {}); // one that could not be started says so below
	const stop = async () => {
		child.kill("SIGTERM");
		const late = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
		await ended;
		clearTimeout(late);
		await rm(folder, { recursive: true, force: true });
	};
	t?.after(async () => {
		await leave(t);
		await stop();
	});
	const lines = [];
	try {
		const url = await whenReady(child, lines);
		const key = (await readFile(keyFile, "utf8")).trim();
		return {
			url, key, folder, stop,
			log: () => lines.join("\n"),
			run: (args, stdin = "") => run(binary, args, stdin, env),
			api: (method, path, body) => ask(url, key, method, path, body),
		};
	} catch (error) {
		if (!t) await stop();
		throw error;
	}
}

/** whenReady returns the address that a server says it listens at, once /readyz agrees. */
async function whenReady(child, lines) {
	const url = await new Promise((resolve, reject) => {
		const failed = (what) => reject(new Error(`the server ${what}:\n${lines.join("\n")}`));
		const late = setTimeout(failed, STARTS_WITHIN, "is not ready in time");
		child.once("error", (error) => failed(`cannot be started (${error.message})`));
		child.once("exit", (code) => failed(`ended with ${code}`));
		createInterface(child.stderr).on("line", (line) => {
			lines.push(line);
			const found = READY.exec(line);
			if (!found) return;
			clearTimeout(late);
			resolve(found[1]);
		});
	});
	for (const end = Date.now() + STARTS_WITHIN; Date.now() < end; await new Promise((f) => setTimeout(f, 20))) {
		const answer = await fetch(`${url}/readyz`).catch(() => null);
		if (answer?.ok) return url;
	}
	throw new Error("/readyz does not say that the server is ready");
}

/** run runs a command to its end. */
async function run(binary, args, stdin, env) {
	const child = spawn(binary, args, { env, stdio: "pipe" });
	const out = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"]) {
		child[name].setEncoding("utf8").on("data", (text) => { out[name] += text; });
	}
	child.stdin.on("error", () => {}); // a command that does not read
	child.stdin.end(stdin);
	const [code] = await once(child, "close");
	return { ...out, code };
}

/** ask sends a request as a service key, and returns its JSON, or its lines where it answers with lines. */
async function ask(url, key, method, path, body) {
	/** @type {Record<string, string>} */
	const headers = { Authorization: `Bearer ${key}` };
	const lines = typeof body === "string";
	if (body !== undefined) headers["Content-Type"] = lines ? "application/x-ndjson" : "application/json";
	const answer = await fetch(url + path, { method, headers, body: body === undefined || lines ? body : JSON.stringify(body) });
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
	if (answer.headers.get("Content-Type")?.startsWith("application/x-ndjson")) {
		return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
	}
	return text ? JSON.parse(text) : null;
}
