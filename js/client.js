// SPDX-License-Identifier: Apache-2.0

/**
 * Calls a keywright server.
 *
 *     const client = new Client({url: "https://keys.example.com", key: process.env.KEYWRIGHT_SERVICE_KEY});
 *     const verdict = await client.verify({key: presented, keyspace: "acme", environment: "live"});
 *     if (!verdict.valid) { … } // verdict.code says why
 *
 * A refusal is a verdict. That no judgement could be made is a NoJudgementError: refuse then too, with 503, and never
 * say that the key is bad. Any other call throws a ProblemError where the server refuses it, and a TransportError where
 * there is no answer. Requests and answers are those of the HTTP API, field by field.
 *
 * Nothing is cached: what one server has revoked is revoked for every client at once. What is safe to repeat is
 * repeated a few times where the server cannot be reached or asks to come again later.
 */

import { perform } from "./client-call.js";
import { NoJudgementError } from "./client-errors.js";

export { NoJudgementError, ProblemError, TransportError } from "./client-errors.js";

const MAX_KEY_BYTES = 1024;

/**
 * @typedef {object} Options
 * @property {string} url such as `https://keys.example.com`; a path in it goes before every route
 * @property {string} key a service key: a key of the keyspace `keywright`
 * @property {typeof globalThis.fetch} [fetch]
 * @property {number} [timeout] of one attempt, in milliseconds; 10,000
 * @property {number} [retries] attempts after the first, of what is safe to repeat; 2
 */

/**
 * @typedef {object} Ask
 * @property {unknown} key the key that was presented; what is no text is malformed
 * @property {string} [keyspace]
 * @property {string} [environment]
 * @property {string[]} [scopes] scopes that are all needed
 * @property {string} [scope_expr]
 * @property {string} [client_ip]
 * @property {string} [method]
 * @property {string} [path]
 * @property {string} [origin]
 * @property {number} [cost]
 * @property {object[]} [limits]
 * @property {string[]} [include] `name`, `metadata`, `limits`
 * @property {string[]} [tags]
 * @property {boolean} [explain]
 * @property {boolean} [dry_run] leave no trace
 */

/**
 * @typedef {object} Verdict
 * @property {boolean} valid
 * @property {string} code `VALID`, or the first reason why not
 * @property {string} [key_id]
 * @property {string} [public_id]
 * @property {string} [keyspace]
 * @property {string} [format]
 * @property {string} [environment]
 * @property {string} [owner]
 * @property {string[]} [scopes]
 * @property {string} [secret]
 * @property {string} [expires_at]
 * @property {string[]} [missing_scopes]
 * @property {object[]} [limits]
 * @property {number} [credits_remaining]
 * @property {string} [name]
 * @property {object} [metadata]
 * @property {{code: string, ok: boolean, reason?: string}[]} [checks]
 */

/** @typedef {{signal?: AbortSignal}} Given */
/** @typedef {{signal?: AbortSignal, idempotencyKey?: string}} Once */
/** @typedef {Record<string, string | number | boolean | undefined>} Query */

export class Client {
	/** @type {import("./client-call.js").Connection} */
	#to;

	/**
	 * Calls nobody yet.
	 *
	 * @param {Options} options
	 */
	constructor({ url, key, fetch = globalThis.fetch, timeout = 10_000, retries = 2 }) {
		if (typeof key !== "string" || !/^[!-~]+$/.test(key)) {
			throw new TypeError("the service key is missing, or holds a space or a line break: give the key alone");
		}
		if (!(timeout > 0 && timeout < 2 ** 31)) {
			throw new TypeError("the timeout is not a number of milliseconds above 0");
		}
		// A fetch that is called as a method of something else throws in browsers.
		this.#to = { url: base(url), key, fetch: (input, init) => fetch(input, init), timeout, retries };
	}

	/** Where the server is. */
	get url() {
		return this.#to.url;
	}

	/**
	 * Asks about a key. What is no text, longer than any key, or not to be written in UTF-8 is malformed in any keyspace,
	 * and nobody is asked.
	 *
	 * It is repeated where the server could not be reached, or says that it judged nothing (429, 503). Where an answer was
	 * lost the server may have judged, and taken from limits and credits: then it is repeated once, so that a verification
	 * spends at most twice what it costs. A dry run is repeated like a read.
	 *
	 * @param {Ask} ask
	 * @param {Given} [given]
	 * @returns {Promise<Verdict>}
	 */
	async verify(ask, { signal } = {}) {
		if (!sendable(ask.key)) {
			return { valid: false, code: "MALFORMED", ...(ask.keyspace && { keyspace: ask.keyspace }) };
		}
		let verdict;
		try {
			verdict = await perform(this.#to, {
				method: "POST",
				path: "/v1/verify",
				body: ask,
				repeat: true,
				spends: !ask.dry_run,
				signal,
			});
		} catch (e) {
			throw new NoJudgementError(`no judgement was made: ${e instanceof Error ? e.message : "unknown"}`, { cause: e });
		}
		// Nothing is taken for VALID that does not say so twice.
		if (typeof verdict?.code !== "string" || verdict.valid !== (verdict.code === "VALID")) {
			throw new NoJudgementError("no judgement was made: the server contradicts itself about a key");
		}
		return verdict;
	}

	/**
	 * Makes a key, or registers one by its hash. The answer holds the key, once. With an idempotency key a repeat of the
	 * same request within 24 hours returns the same record, and the request is repeated where the server could not be
	 * reached; without one it is not, since it might make a second key.
	 *
	 * @param {object} request
	 * @param {Once} [given]
	 * @returns {Promise<any>} `{key, record, …}`
	 */
	issue(request, given) {
		return this.#post("/v1/keys", request, given);
	}

	/**
	 * Makes a child of a key: it can never do more than its parent, and ends with it. An idempotency key works as with
	 * issue.
	 *
	 * @param {string} parent
	 * @param {object} request
	 * @param {Once} [given]
	 * @returns {Promise<any>}
	 */
	async issueChild(parent, request, given) {
		return this.#post(keyPath(parent, "/children"), request, given);
	}

	/**
	 * A page of records, newest first: `keyspace owner state public_id q parent due expires_before cursor limit` narrow it.
	 *
	 * @param {Query} [query]
	 * @param {Given} [given]
	 * @returns {Promise<any>} `{keys, next_cursor?}`
	 */
	list(query = {}, { signal } = {}) {
		return perform(this.#to, { method: "GET", path: "/v1/keys" + search(query), repeat: true, list: true, signal });
	}

	/**
	 * A page of the children of a key.
	 *
	 * @param {string} parent
	 * @param {Query} [query]
	 * @param {Given} [given]
	 * @returns {Promise<any>} `{keys, next_cursor?}`
	 */
	async children(parent, query = {}, given) {
		return this.list({ ...query, parent: keyId(parent) }, given);
	}

	/**
	 * All records that a query asks for, newest first, page by page.
	 *
	 * @param {Query} [query]
	 * @param {Given} [given]
	 * @returns {AsyncGenerator<any, void>}
	 */
	async *all(query = {}, given) {
		for (let cursor = query.cursor; ;) {
			const page = await this.list({ ...query, cursor }, given);
			yield* page.keys;
			if (!page.next_cursor) {
				return;
			}
			cursor = page.next_cursor;
		}
	}

	/**
	 * @param {string} id
	 * @param {Given} [given]
	 * @returns {Promise<any>} the record
	 */
	async show(id, { signal } = {}) {
		return perform(this.#to, { method: "GET", path: keyPath(id), repeat: true, signal });
	}

	/**
	 * Changes a record. What it takes away is gone for every verification that begins after it has returned.
	 *
	 * @param {string} id
	 * @param {object} patch what it holds is set, `null` takes a value away, what is absent stays
	 * @param {Given} [given]
	 * @returns {Promise<any>} the record
	 */
	async update(id, patch, { signal } = {}) {
		return perform(this.#to, { method: "PATCH", path: keyPath(id), body: patch, signal });
	}

	/**
	 * Gives a key a new secret; its id, scopes, limits, credits and history stay. An idempotency key works as with issue.
	 *
	 * @param {string} id
	 * @param {object} [request] `{grace: "24h"}`
	 * @param {Once} [given]
	 * @returns {Promise<any>} `{key, record, previous_ends_at?, …}`
	 */
	async rotate(id, request = {}, given) {
		return this.#post(keyPath(id, "/rotate"), request, given);
	}

	/**
	 * Ends every secret of a key but the current one.
	 *
	 * @param {string} id
	 * @param {{force?: boolean} & Given} [options] force: also where an old secret was used within the last hour
	 * @returns {Promise<any>} the record
	 */
	async endGrace(id, { force = false, signal } = {}) {
		return perform(this.#to, { method: "POST", path: keyPath(id, "/end-grace"), body: { force }, signal });
	}

	/**
	 * Ends a key until it is enabled again.
	 *
	 * @param {string} id
	 * @param {Given} [given]
	 * @returns {Promise<any>} the record
	 */
	async disable(id, { signal } = {}) {
		return perform(this.#to, { method: "POST", path: keyPath(id, "/disable"), repeat: true, signal });
	}

	/**
	 * Undoes disable.
	 *
	 * @param {string} id
	 * @param {Given} [given]
	 * @returns {Promise<any>} the record
	 */
	async enable(id, { signal } = {}) {
		return perform(this.#to, { method: "POST", path: keyPath(id, "/enable"), repeat: true, signal });
	}

	/**
	 * Ends a key for good. A verification that begins after it has returned does not answer VALID. Revoking a key that is
	 * revoked returns the first revocation.
	 *
	 * @param {string} id
	 * @param {string} [reason]
	 * @param {Given} [given]
	 * @returns {Promise<any>} the receipt
	 */
	async revoke(id, reason = "", { signal } = {}) {
		return perform(this.#to, { method: "POST", path: keyPath(id, "/revoke"), body: { reason }, repeat: true, signal });
	}

	/**
	 * Makes any other call of the HTTP API that answers with JSON. Reads are repeated where that could help; anything else
	 * only with an idempotency key.
	 *
	 * @param {string} method
	 * @param {string} path such as `/v1/keyspaces`, with its query; what stands in for a name is escaped by the caller
	 * @param {unknown} [body]
	 * @param {Once} [given]
	 * @returns {Promise<any>} undefined where the answer is empty
	 */
	async call(method, path, body, { signal, idempotencyKey } = {}) {
		if (!/^\/(?!\/)[!-"$-~]*$/.test(path) || /(^|\/)(\.|%2e){1,2}(\/|\?|$)/i.test(path)) {
			throw new TypeError("the path is not one of a server: it looks like /v1/keyspaces, and is escaped");
		}
		const repeat = method === "GET" || method === "HEAD";
		return perform(this.#to, { method, path, body, repeat, list: true, signal, idempotencyKey: checked(idempotencyKey) });
	}

	/**
	 * @param {string} path
	 * @param {object} body
	 * @param {Once} [given]
	 */
	async #post(path, body, { signal, idempotencyKey } = {}) {
		return perform(this.#to, { method: "POST", path, body, signal, idempotencyKey: checked(idempotencyKey) });
	}

	toJSON() {
		return { url: this.url };
	}

	[Symbol.for("nodejs.util.inspect.custom")]() {
		return `Client { url: ${JSON.stringify(this.url)} }`;
	}
}

/**
 * @param {unknown} text
 * @returns {string} the URL without a slash at its end
 */
function base(text) {
	const url = typeof text === "string" ? parseURL(text) : null;
	if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
		throw new TypeError("the URL of the server is not one: it looks like https://keys.example.com");
	}
	if (url.username !== "" || url.password !== "") {
		throw new TypeError("the URL of the server holds a user or a password: the service key is given apart from it");
	}
	if (url.search !== "" || url.hash !== "") {
		throw new TypeError("the URL of the server has a query or a fragment: it looks like https://keys.example.com");
	}
	return url.href.replace(/\/+$/, "");
}

/** @param {string} text */
function parseURL(text) {
	try {
		return new URL(text);
	} catch {
		return null; // its error repeats what was given
	}
}

/** @param {unknown} key */
function sendable(key) {
	if (typeof key !== "string" || key === "" || key.length > MAX_KEY_BYTES) {
		return false;
	}
	const bytes = new TextEncoder().encode(key);
	return bytes.length <= MAX_KEY_BYTES && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) === key;
}

/**
 * A key in the place of its id would stand in logs on its way: it is refused here.
 *
 * @param {unknown} id
 * @returns {string}
 */
function keyId(id) {
	if (typeof id !== "string" || !/^key_[0-9A-Za-z]{22}$/.test(id)) {
		throw new TypeError("not a key id: expected key_ and 22 letters or digits");
	}
	return id;
}

/**
 * @param {string} id
 * @param {string} [verb]
 */
function keyPath(id, verb = "") {
	return "/v1/keys/" + keyId(id) + verb;
}

/** @param {Query} query */
function search(query) {
	const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
	const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
	return text === "" ? "" : "?" + text;
}

/**
 * @param {string} [idempotencyKey]
 * @returns {string | undefined}
 */
function checked(idempotencyKey) {
	if (idempotencyKey !== undefined && !/^[!-~]{1,200}$/.test(idempotencyKey)) {
		throw new TypeError("the idempotency key is empty, too long or not of printable characters: use a random UUID");
	}
	return idempotencyKey;
}
