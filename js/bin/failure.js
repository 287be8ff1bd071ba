// SPDX-License-Identifier: Apache-2.0

import { getSystemErrorMap } from "node:util";

/** Exit codes. */
export const EXIT = Object.freeze({ done: 0, refused: 1, usage: 2, noAnswer: 3 });

/** A Failure ends a command. Neither text may hold what can be a key. */
export class Failure extends Error {
	/** @param {number} code @param {string} problem empty: all has been said @param {string} [hint] what to do */
	constructor(code, problem, hint = "") {
		super(problem);
		this.code = code;
		this.hint = hint;
	}
}

/** @param {string} problem @param {string} hint */
export const refused = (problem, hint) => new Failure(EXIT.refused, problem, hint);

/** @param {string} problem @param {string} hint */
export const misused = (problem, hint) => new Failure(EXIT.usage, problem, hint);

/** @param {string} problem @param {string} hint */
export const unknowable = (problem, hint) => new Failure(EXIT.noAnswer, problem, hint);

/** @type {Record<string, string>} */
const WORDS = { EISDIR: "is a directory", EEXIST: "file exists", ENOTDIR: "not a directory", EMFILE: "too many open files" };

/**
 * Says what went wrong with a file, without the system call.
 * @param {unknown} error
 */
export function fileProblem(error) {
	const { errno = 0, code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
	return WORDS[code] ?? getSystemErrorMap().get(errno)?.[1] ?? "it cannot be used";
}

/** @param {unknown} error @param {string} code */
export function isSystemError(error, code) {
	return error instanceof Error && "code" in error && error.code === code;
}
