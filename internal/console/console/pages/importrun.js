// SPDX-License-Identifier: Apache-2.0

// An import on its way: slice after slice is sent, so that it can be stopped and goes on where it was. What is at the server
// already is skipped, so a slice that was cut off is sent again.

import { lines, send } from "../api.js";
import { kindOf, lineOf, slices } from "./slices.js";

/** Problems that are kept to be shown; of further ones the count alone. */
export const KEPT = 1000;

/**
 * @typedef {object} Progress
 * @property {number} done bytes of the file
 * @property {number} lines
 * @property {number} accepted
 * @property {number} skipped
 * @property {number} refused
 * @property {{line: number, problem: any}[]} problems the first of those that were refused
 * @property {import("./slices.js").Place | undefined} place where to go on
 */

/** @returns {Progress} */
export const begin = () => ({ done: 0, lines: 0, accepted: 0, skipped: 0, refused: 0, problems: [], place: undefined });

/**
 * Sends a file from where its progress is, and tells how far it is after each slice. Throws where the server cannot take it.
 * @param {File} file
 * @param {{keyspace: string, dryRun: boolean, progress: Progress, signal: AbortSignal, tell: (p: Progress) => void}} options
 */
export async function importFile(file, { keyspace, dryRun, progress, signal, tell }) {
	const type = kindOf(file.name);
	let now = progress;
	for await (const slice of slices(file, { csv: type === "text/csv", place: progress.place })) {
		if (signal.aborted) return;
		const end = await sendSlice(slice, { type, keyspace, dryRun, signal });
		now = {
			done: slice.to, place: { byte: slice.to, line: slice.line + slice.lines },
			lines: now.lines + end.lines, accepted: now.accepted + end.accepted, skipped: now.skipped + end.skipped, refused: now.refused + end.refused,
			problems: now.problems.concat(end.problems).slice(0, KEPT),
		};
		tell(now);
	}
}

/**
 * @param {import("./slices.js").Slice} slice
 * @param {{type: string, keyspace: string, dryRun: boolean, signal: AbortSignal}} options
 */
async function sendSlice(slice, { type, keyspace, dryRun, signal }) {
	const response = await send("POST", "/v1/keys/import", {
		query: { keyspace, dry_run: dryRun }, headers: { "Content-Type": type, Accept: "application/x-ndjson" }, body: slice.body, signal,
	});
	/** @type {any} */
	let end = null;
	/** @type {{line: number, problem: any}[]} */
	const problems = [];
	await lines(response, (answer) => {
		if (answer.end) end = answer.end;
		else if (answer.problem && problems.length < KEPT) problems.push({ line: lineOf(slice, answer.line), problem: answer.problem });
	});
	if (!end) throw new Error("the answer was cut off: go on, and what is there already is skipped");
	if (end.problem) throw end.problem;
	return { ...end, problems };
}
