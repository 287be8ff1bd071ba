// SPDX-License-Identifier: Apache-2.0

// The real server over a folder of its own.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Builds the binary and starts it; it ends with the test.
 *
 * @param {{ after(done: () => unknown): void }} t
 * @returns {Promise<{ url: string, key: string, log: () => string }>} where it listens, its first service key, what it logged
 */
export async function start(t) {
	const folder = await mkdtemp(join(tmpdir(), "keywright-js-"));
	t.after(() => rm(folder, { recursive: true, force: true }));
	const binary = join(folder, "keywright");
	await promisify(execFile)("go", ["build", "-o", binary, "./cmd/keywright"], { cwd: root });
	const keyFile = join(folder, "service-key");
	const arguments_ = [
		"serve",
		"--data",
		join(folder, "data"),
		"--listen",
		"127.0.0.1:0",
		"--admin-key-file",
		keyFile,
		"--log-format",
		"json",
	];
	const server = spawn(binary, arguments_, {
		cwd: folder,
		env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder },
		stdio: ["ignore", "ignore", "pipe"],
	});
	const ended = new Promise((resolve) => server.once("exit", resolve));
	t.after(async () => {
		server.kill("SIGKILL");
		await ended;
	});
	let log = "";
	const url = await new Promise((resolve, reject) => {
		server.stderr.setEncoding("utf8").on("data", (text) => {
			log += text;
			const ready = /ready on (http:\/\/[0-9.:]+)/.exec(log);
			if (ready) resolve(ready[1]);
		});
		ended.then(() => reject(new Error(`the server ended: ${log}`)));
	});
	const key = (await readFile(keyFile, "utf8")).trim();
	return { url, key, log: () => log };
}
