// SPDX-License-Identifier: Apache-2.0

/**
 * @typedef {object} Problem what a server says of a request that it refused (RFC 9457)
 * @property {number} status
 * @property {string} code stable, for programs: `invalid_input`, `unauthenticated`, `access_denied`, `not_found`, `conflict` …
 * @property {string} [title]
 * @property {string} [detail] what is wrong
 * @property {string} [hint] what would do
 * @property {string} [field] the field or header that it is about
 * @property {string} [request_id]
 */

/** The server refused a request, and said why. Its text never holds a key. */
export class ProblemError extends Error {
	/**
	 * @param {Problem} problem
	 * @param {number} [retryAfter] milliseconds
	 */
	constructor(problem, retryAfter = 0) {
		const what = problem.detail || problem.title || problem.code;
		super(problem.hint ? `${what}: ${problem.hint}` : what);
		this.name = "ProblemError";
		this.status = problem.status;
		this.code = problem.code;
		this.detail = problem.detail ?? "";
		this.hint = problem.hint ?? "";
		this.field = problem.field ?? "";
		this.requestId = problem.request_id ?? "";
		/** How long the server asks to wait, in milliseconds; 0: it does not say. */
		this.retryAfter = retryAfter;
	}
}

/** No answer that can be used: the server could not be reached, took too long, or is no keywright server. */
export class TransportError extends Error {
	/**
	 * @param {string} message
	 * @param {{code?: string, sent?: boolean, begun?: boolean, again?: boolean}} [how]
	 */
	constructor(message, { code = "", sent = true, begun = false, again = true } = {}) {
		super(message);
		this.name = "TransportError";
		/** What the system calls it, such as `ECONNREFUSED`; empty where it has no name. */
		this.code = code;
		/** Whether the server may have done what it was asked. */
		this.sent = sent;
		/** Whether its answer had begun to arrive. */
		this.begun = begun;
		/** Whether another attempt could help. */
		this.again = again;
	}
}

/**
 * A key could not be judged. It says nothing about the key: refuse the request all the same, with 503. `cause` is the
 * ProblemError or the TransportError behind it.
 */
export class NoJudgementError extends Error {
	/**
	 * @param {string} message
	 * @param {{cause?: unknown}} [options]
	 */
	constructor(message, options) {
		super(message, options);
		this.name = "NoJudgementError";
	}
}
