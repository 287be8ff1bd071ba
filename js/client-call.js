// SPDX-License-Identifier: Apache-2.0

// One call to a server: attempts, what is safe to repeat, and how answers are read.

import { ProblemError, TransportError } from "./client-errors.js";

const MAX_DOCUMENT = 1 << 20; // an answer about one thing
const MAX_LIST = 128 << 20; // a page of a thousand records with all the metadata that they can have
const FIRST_WAIT = 100;
const LONGEST_GAP = 2000; // between attempts, where the server names no time
const MAX_WAIT = 10_000; // a server that asks to come again later than this gets no second attempt

// Statuses of a request that was not done, or whose answer was lost on the way.
const PASSING = [429, 502, 503, 504];

// What a system calls a connection that never came about: then nothing was sent.
const NOT_SENT = [
	"ECONNREFUSED",
	"ENOTFOUND",
	"EAI_AGAIN",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"UND_ERR_CONNECT_TIMEOUT",
	"ConnectionRefused",
];

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path with its query
 * @property {unknown} [body] sent as JSON
 * @property {boolean} [repeat] doing it twice is as good as once
 * @property {boolean} [spends] but each time may take from limits and credits
 * @property {boolean} [list] the answer may be large
 * @property {boolean} [open] goes without the service key
 * @property {string} [idempotencyKey] makes a repeat safe
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Connection
 * @property {string} url
 * @property {string} key
 * @property {typeof globalThis.fetch} fetch
 * @property {number} timeout of one attempt, in milliseconds
 * @property {number} retries
 */

/**
 * Makes a call, and makes it again where that is safe and could help.
 *
 * @param {Connection} to
 * @param {Call} q
 * @returns {Promise<any>}
 */
export async function perform(to, q) {
	const body = q.body === undefined ? undefined : write(q.body);
	const repeat = q.repeat || q.idempotencyKey !== undefined;
	let lost = 0; // answers
	for (let attempt = 0, wait = FIRST_WAIT; ; attempt++, wait = Math.min(2 * wait, LONGEST_GAP)) {
		try {
			return await once(to, q, body);
		} catch (e) {
			if (!repeat || attempt >= to.retries || q.signal?.aborted || !passing(e)) {
				throw e;
			}
			if (q.spends && mayHaveSpent(e) && (++lost > 1 || (e instanceof TransportError && e.begun))) {
				throw e;
			}
			const asked = e instanceof ProblemError ? e.retryAfter : 0;
			if (asked > MAX_WAIT) {
				throw e;
			}
			// Between a half and one and a half: many clients shall not come back at once.
			await pause(Math.max(wait / 2 + Math.random() * wait, asked), q.signal);
			if (q.signal?.aborted) {
				throw e;
			}
		}
	}
}

/** @param {unknown} body */
function write(body) {
	try {
		return JSON.stringify(body);
	} catch {
		throw new TypeError("the request cannot be written as JSON"); // the reason could repeat what it holds
	}
}

/** @param {unknown} e */
function passing(e) {
	return e instanceof ProblemError ? PASSING.includes(e.status) : e instanceof TransportError && e.again;
}

/** @param {unknown} e */
function mayHaveSpent(e) {
	return e instanceof ProblemError ? e.status === 502 || e.status === 504 : e instanceof TransportError && e.sent;
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			signal?.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, milliseconds);
		signal?.addEventListener("abort", done);
	});
}

/**
 * Makes one attempt.
 *
 * @param {Connection} to
 * @param {Call} q
 * @param {string} [body]
 * @returns {Promise<any>}
 */
async function once(to, q, body) {
	const late = AbortSignal.timeout(to.timeout);
	const signal = q.signal ? AbortSignal.any([late, q.signal]) : late;
	/** @type {Response | undefined} */
	let response;
	let text;
	try {
		// Redirects are not followed: the key would go with them.
		response = await to.fetch(to.url + q.path, {
			method: q.method,
			headers: headers(to, q, body),
			body,
			signal,
			redirect: "manual",
		});
		text = await readText(response, q.list ? MAX_LIST : MAX_DOCUMENT);
	} catch (e) {
		throw transportError(to, e, late.aborted, q.signal?.aborted ?? false, response !== undefined);
	}
	if (text === undefined) {
		throw new TransportError("the answer of the server is larger than any that is expected", { begun: true, again: false });
	}
	return read(to, response, text);
}

/**
 * @param {Connection} to
 * @param {Call} q
 * @param {string} [body]
 */
function headers(to, q, body) {
	/** @type {Record<string, string>} */
	const h = { Accept: "application/json" };
	if (body !== undefined) {
		h["Content-Type"] = "application/json";
	}
	if (q.idempotencyKey !== undefined) {
		h["Idempotency-Key"] = q.idempotencyKey;
	}
	if (!q.open) {
		h.Authorization = "Bearer " + to.key;
	}
	return h;
}

/**
 * Says what went wrong in words of our own. What a fetch throws is left out: it may hold headers, and so the key.
 *
 * @param {Connection} to
 * @param {unknown} e
 * @param {boolean} late
 * @param {boolean} givenUp
 * @param {boolean} begun
 */
function transportError(to, e, late, givenUp, begun) {
	if (givenUp) {
		return new TransportError("the request was given up", { begun, again: false });
	}
	if (late) {
		return new TransportError(`the server at ${to.url} did not answer in time`, { begun });
	}
	const code = codeOf(e);
	const message = begun ? `the answer of the server at ${to.url} was cut off` : `the server at ${to.url} cannot be reached`;
	return new TransportError(code ? `${message} (${code})` : message, { code, begun, sent: !NOT_SENT.includes(code) });
}

/**
 * @param {unknown} e
 * @returns {string} the name that a system has for an error
 */
function codeOf(e) {
	for (let at = e, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
		const code = "code" in at ? at.code : undefined;
		if (typeof code === "string" && /^[A-Za-z_]{1,40}$/.test(code)) {
			return code;
		}
		if (at instanceof AggregateError && at.errors.length > 0) {
			return codeOf(at.errors[0]);
		}
	}
	return "";
}

/**
 * @param {Response} response
 * @param {number} limit
 * @returns {Promise<string | undefined>} undefined: it is longer than the limit
 */
async function readText(response, limit) {
	if (!response.body) {
		return "";
	}
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	let text = "";
	for (let size = 0; ;) {
		const { done, value } = await reader.read();
		if (done) {
			return text + decoder.decode();
		}
		size += value.length;
		if (size > limit) {
			await reader.cancel();
			return undefined;
		}
		text += decoder.decode(value, { stream: true });
	}
}

/**
 * @param {Connection} to
 * @param {Response} response
 * @param {string} text
 */
function read(to, response, text) {
	const media = mediaType(response);
	if (!response.ok) {
		throw refusal(to, response, media, text);
	}
	if (response.status === 204) {
		return undefined;
	}
	const value = media === "application/json" ? parse(text) : undefined;
	if (value === undefined) {
		throw new TransportError(`what answers at ${to.url} is no keywright server: it sent no JSON`, {
			begun: true,
			again: false,
		});
	}
	return value;
}

/** @param {string} text */
function parse(text) {
	try {
		return JSON.parse(text);
	} catch {
		return undefined; // its error could repeat what was sent
	}
}

/** @param {Response} response */
function mediaType(response) {
	return (response.headers.get("Content-Type") ?? "").split(";")[0].trim().toLowerCase();
}

/**
 * Reads why a request was refused. What stands between, such as a proxy, sends no problem: then the status must do. A
 * text that repeats the service key is not passed on with it.
 *
 * @param {Connection} to
 * @param {Response} response
 * @param {string} media
 * @param {string} text
 */
function refusal(to, response, media, text) {
	const safe = to.key === "" ? text : text.replaceAll(to.key, "[secret]");
	const given = media === "application/problem+json" ? parse(safe) : undefined;
	const after = retryAfter(response.headers.get("Retry-After"));
	if (typeof given?.code === "string" && given.code !== "") {
		return new ProblemError({ ...given, status: response.status }, after);
	}
	const redirects = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400);
	return new ProblemError(
		{
			status: response.status,
			code: codes[response.status] ?? (response.status >= 400 && response.status < 500 ? "invalid_input" : "unavailable"),
			detail: `the server answered ${response.status} without saying why`,
			hint: redirects
				? "use the URL that it redirects to: redirects are not followed, since a key would go with them"
				: "look at what answers at this address: it may be a proxy, or no keywright server",
		},
		after,
	);
}

/** @type {Record<number, string>} */
const codes = {
	401: "unauthenticated",
	403: "access_denied",
	404: "not_found",
	405: "method_not_allowed",
	408: "too_slow",
	409: "conflict",
	413: "too_large",
	415: "unsupported_media_type",
	429: "too_many_requests",
	500: "internal",
};

/**
 * Reads seconds or a date (RFC 9110, 10.2.3).
 *
 * @param {string | null} text
 * @returns {number} milliseconds
 */
function retryAfter(text) {
	if (text === null) {
		return 0;
	}
	if (/^[0-9]{1,9}$/.test(text)) {
		return 1000 * Math.min(Number(text), 86400);
	}
	return Math.max(Date.parse(text) - Date.now(), 0) || 0;
}
