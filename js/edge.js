// SPDX-License-Identifier: Apache-2.0

// Answers POST /api/sec-api-key-generate, and nothing else, as the server does: the same answers to the same requests. It
// stores nothing, asks nobody and logs nothing.

import { generateApiKey, InvalidInputError } from "./aerostack.js";

const PATH = "/api/sec-api-key-generate";
const MAX_BODY = 64 << 10;
const DRAINED_BODY = 16 << 20;

/**
 * @typedef {object} EdgeOptions
 * @property {string[]} [origins] web origins whose pages may read the answers; `*`: all
 * @property {import("./generate.js").Random} [random] the default is Web Crypto; anything else is for tests
 */

/**
 * Answers a request.
 *
 * @param {Request} request
 * @param {EdgeOptions} [options]
 * @returns {Promise<Response>}
 */
export async function answer(request, { origins = [], random } = {}) {
	if (new URL(request.url).pathname !== PATH) return notFound(request);
	const headers = originHeaders(request, origins);
	if (request.method === "OPTIONS") {
		headers.set("Allow", "OPTIONS, POST");
		return new Response(null, { status: 204, headers });
	}
	if (request.method !== "POST") {
		headers.set("Allow", "OPTIONS, POST");
		return refuse(405, "INVALID_INPUT", "use POST", headers);
	}
	try {
		const data = generateApiKey(await readOptions(request), random);
		return json(200, { success: true, data }, headers);
	} catch (error) {
		if (error instanceof InvalidInputError) return refuse(400, error.code, error.message, headers);
		return refuse(500, "INTERNAL_ERROR", "no key could be made", headers);
	}
}

/**
 * Lets pages of the configured origins read the answer.
 *
 * @param {Request} request
 * @param {string[]} origins
 */
function originHeaders(request, origins) {
	const headers = new Headers({ Vary: "Origin", "Cache-Control": "no-store" });
	const origin = request.headers.get("Origin");
	const any = origins.includes("*");
	if (!origin || (!any && !origins.includes(origin))) return headers;
	headers.set("Access-Control-Allow-Origin", any ? "*" : origin);
	if (request.method === "OPTIONS") {
		headers.set("Access-Control-Allow-Methods", "POST");
		headers.set("Access-Control-Allow-Headers", "Content-Type");
		headers.set("Access-Control-Max-Age", "600");
	}
	return headers;
}

/**
 * Reads what kind of key is asked for. Fields that are not of the contract are passed over, as its other implementations
 * do.
 *
 * @param {Request} request
 * @returns {Promise<any>}
 */
async function readOptions(request) {
	const bytes = await readBody(request);
	let fields;
	try {
		fields = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
	} catch {
		fields = undefined; // the error could repeat what was sent
	}
	if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
		throw new InvalidInputError('the body is not a JSON object: send {"prefix":"sk_live","length":32}');
	}
	return {
		prefix: Object.hasOwn(fields, "prefix") ? fields.prefix : undefined,
		length: Object.hasOwn(fields, "length") ? fields.length : undefined,
	};
}

/**
 * @param {Request} request
 * @returns {Promise<Uint8Array>}
 */
async function readBody(request) {
	const bytes = new Uint8Array(MAX_BODY);
	let size = 0;
	try {
		for await (const chunk of chunks(request)) {
			if (size + chunk.length <= MAX_BODY) bytes.set(chunk, size);
			size += chunk.length;
			// Who is still sending would not see the answer: take what a mistake is likely to hold.
			if (size > DRAINED_BODY) break;
		}
	} catch {
		size = Infinity; // cut off
	}
	if (size > MAX_BODY) throw new InvalidInputError("the body did not arrive whole, or is larger than 64 KiB");
	return bytes.subarray(0, size);
}

/**
 * @param {Request} request
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* chunks({ body }) {
	const reader = body?.getReader();
	if (!reader) return;
	try {
		for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
	} finally {
		await reader.cancel().catch(() => {});
	}
}

/**
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @param {Headers} headers
 */
function refuse(status, code, message, headers) {
	return json(status, { success: false, error: { code, message } }, headers);
}

/**
 * @param {number} status
 * @param {object} value
 * @param {Headers} headers
 */
function json(status, value, headers) {
	if (!headers.has("Content-Type")) headers.set("Content-Type", "application/json");
	headers.set("Cache-Control", "no-store");
	headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	headers.set("X-Content-Type-Options", "nosniff");
	return new Response(JSON.stringify(value), { status, headers });
}

/** @param {Request} request */
function notFound(request) {
	const problem = {
		type: "about:blank",
		title: "There is no such thing",
		status: 404,
		detail: "nothing is served at this path",
		code: "not_found",
		hint: `use POST ${PATH}`,
	};
	const response = json(404, problem, new Headers({ "Content-Type": "application/problem+json" }));
	return request.method === "HEAD" ? new Response(null, response) : response;
}
