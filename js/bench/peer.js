// SPDX-License-Identifier: Apache-2.0

// Makes keys of the preset seam, each with its hash, beside npm's prefixed-api-key, which makes the same keys:
//
//	cd js/bench && npm ci && cd ../.. && node js/bench/peer.js [KEYS [ROUNDS]]
//
// Both run in turn in one process; what is printed is the median of the rounds.

import { createRequire } from "node:module";

import { generateMany, make, match, preset } from "../keywright.js";

const [count, rounds] = [process.argv[2] ?? "100000", process.argv[3] ?? "5"].map(Number);
if (![count, rounds].every((n) => Number.isInteger(n) && n > 0)) {
	console.error("usage: node js/bench/peer.js [KEYS [ROUNDS]]");
	process.exit(2);
}

/** @returns {{ generateAPIKey: (options: object) => Promise<{ token: string, longTokenHash: string }> }} */
function loadPeer() {
	try {
		return createRequire(import.meta.url)("prefixed-api-key");
	} catch {
		console.error("prefixed-api-key is missing: run npm ci in js/bench");
		process.exit(2);
	}
}

const peer = loadPeer();
const format = preset("seam", { prefix: "mycompany" });

/** @type {Record<string, () => unknown>} */
const makers = {
	"prefixed-api-key": async () => {
		const keys = [];
		for (let i = 0; i < count; i++) keys.push(await peer.generateAPIKey({ keyPrefix: "mycompany" }));
		return keys.map(({ token, longTokenHash }) => ({ key: token, hash: longTokenHash }));
	},
	"keywright generateMany": () => generateMany(count, { format }),
	"keywright make": () => make(format, count),
};

/** @type {Record<string, number[]>} */
const speeds = {};
for (let round = -1; round < rounds; round++) { // the first is for warming up
	for (const [name, run] of Object.entries(makers)) {
		const start = performance.now();
		const keys = /** @type {{ key: string, hash: string }[]} */ (await run());
		const perSecond = (1000 * count) / (performance.now() - start);
		const last = keys[count - 1];
		if (keys.length !== count || !match(last.key, last.hash, format)) throw new Error(`${name} made something else`);
		if (round >= 0) (speeds[name] ??= []).push(perSecond);
	}
}

const median = (/** @type {number[]} */ numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const base = median(speeds["prefixed-api-key"]);
console.log(`${count} keys of the preset seam with their hashes, median of ${rounds} rounds, Node ${process.version}`);
for (const [name, all] of Object.entries(speeds)) {
	const speed = median(all);
	console.log(`${name.padEnd(24)} ${Math.round(speed).toString().padStart(9)} keys/s  ${(speed / base).toFixed(1).padStart(6)}×`);
}
