// SPDX-License-Identifier: Apache-2.0

/** A FormatError says which field of a format cannot be, why, and what would do. It never holds what was given. */
export class FormatError extends Error {
	/**
	 * @param {string} field
	 * @param {string} problem
	 * @param {string} hint
	 */
	constructor(field, problem, hint) {
		super(`${field} ${problem}: ${hint}`);
		this.name = "FormatError";
		this.field = field;
		this.problem = problem;
		this.hint = hint;
	}
}

/** A MalformedError says where a key differs from its format. It never holds a character of the key. */
export class MalformedError extends Error {
	/**
	 * @param {string} segment the one that is wrong: prefix, environment, public id, secret, checksum or key
	 * @param {string} problem
	 */
	constructor(segment, problem) {
		super(`${segment} ${problem}`);
		this.name = "MalformedError";
		this.segment = segment;
		this.problem = problem;
	}
}
