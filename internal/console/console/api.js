// SPDX-License-Identifier: Apache-2.0

// Asks the server. Every page goes through here, so that an ended session and a server that is away are met in one place.

import { store } from "./store.js";
import { Problem, problemOf, UNREACHABLE } from "./problem.js";
import { session, refresh, askToSignIn } from "./session.js";

export { Problem, UNREACHABLE };

/** Whether the server does not answer. */
export const away = store(false);

/**
 * @typedef {{query?: Record<string, unknown>, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} Options
 */

/** @param {string} path @param {Options} [options] */
export const get = (path, options) => ask("GET", path, options);
/** @param {string} path @param {unknown} [body] @param {Options} [options] */
export const post = (path, body, options) => ask("POST", path, { ...options, body });
/** @param {string} path @param {unknown} body @param {Options} [options] */
export const patch = (path, body, options) => ask("PATCH", path, { ...options, body });
/** @param {string} path @param {Options} [options] */
export const del = (path, options) => ask("DELETE", path, options);

/**
 * One request, its answer read as JSON.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
async function ask(method, path, options) {
	const response = await send(method, path, options);
	return response.status === 204 ? null : read(response, options?.signal);
}

/**
 * One request, with the answer as it comes. Throws a Problem where the server refuses.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 */
export async function send(method, path, options = {}) {
	let once = false;
	for (;;) {
		const csrf = session.value?.csrf ?? "";
		const response = await reach(method, path, options, csrf);
		if (response.ok) return response;
		const problem = await problemOf(response);
		const stale = problem.code === "cross_site";
		if (problem.status !== 401 && !stale) throw problem;
		// Another tab may have signed in anew: then there is a session, with another token.
		const now = once ? null : await refresh().catch(unreachable);
		once = true;
		if (now && now.csrf !== csrf) continue;
		if (options.signal?.aborted || !(await askToSignIn())) throw problem;
		once = false; // signed in again: the very request is sent once more
	}
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Options} options
 * @param {string} csrf
 */
async function reach(method, path, options, csrf) {
	/** @type {Record<string, string>} */
	const headers = { Accept: "application/json", ...options.headers };
	if (method !== "GET") headers["X-Keywright-CSRF"] = csrf;
	/** @type {BodyInit | undefined} */
	let body;
	if (options.body instanceof Blob || typeof options.body === "string") {
		body = options.body;
	} else if (options.body !== undefined) {
		headers["Content-Type"] = "application/json";
		body = JSON.stringify(options.body);
	}
	try {
		const response = await fetch(url(path, options.query), { method, headers, body, signal: options.signal, cache: "no-store" });
		away.set(false);
		return response;
	} catch (problem) {
		throw unreachableBy(problem, options.signal);
	}
}

/** @param {Response} response @param {AbortSignal} [signal] */
async function read(response, signal) {
	try {
		return await response.json();
	} catch (problem) {
		throw unreachableBy(problem, signal);
	}
}

/** @param {unknown} problem @param {AbortSignal} [signal] */
function unreachableBy(problem, signal) {
	return signal?.aborted || (problem instanceof DOMException && problem.name === "AbortError") ? problem : unreachableNow();
}

function unreachableNow() {
	watchForServer();
	return new Problem({ code: UNREACHABLE, detail: "the server does not answer", hint: "what you typed is still here: try again when it is back" });
}

/** @returns {never} */
function unreachable(/** @type {unknown} */ problem) {
	throw problem instanceof Problem ? problem : unreachableNow();
}

/** @param {string} path @param {Record<string, unknown>} [query] */
export function url(path, query) {
	const q = new URLSearchParams();
	for (const [name, value] of Object.entries(query ?? {})) {
		if (value !== undefined && value !== null && value !== "" && value !== false) q.append(name, String(value));
	}
	const text = q.toString();
	return text ? path + "?" + text : path;
}

/**
 * Reads an answer line by line, as it comes (NDJSON).
 * @param {Response} response
 * @param {(line: any) => void} each
 */
export async function lines(response, each) {
	const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
	const decoder = new TextDecoder();
	let rest = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			rest += decoder.decode(value, { stream: !done });
			const whole = rest.split("\n");
			rest = whole.pop() ?? "";
			for (const line of whole) if (line) each(JSON.parse(line));
			if (done) break;
		}
		if (rest.trim()) each(JSON.parse(rest));
	} catch (problem) {
		throw unreachableBy(problem);
	}
}

let watching = false;

/** Asks a server that is away, until it answers. */
export function watchForServer() {
	away.set(true);
	if (watching) return;
	watching = true;
	const look = async () => {
		try {
			const response = await fetch("/livez", { cache: "no-store" });
			if (response.ok) {
				watching = false;
				away.set(false);
				return;
			}
		} catch {
			// still away
		}
		setTimeout(look, 1500);
	};
	setTimeout(look, 800);
}

/** A name for one wish, so that its repeat does nothing twice. */
export const newIdempotencyKey = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
