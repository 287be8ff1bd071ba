// SPDX-License-Identifier: Apache-2.0

// Problem documents of the server (RFC 9457), and what is thrown where there is no answer at all.

export class Problem extends Error {
	/** @param {{status?: number, code?: string, title?: string, detail?: string, hint?: string, field?: string, request_id?: string}} given */
	constructor(given) {
		super(given.detail || given.title || "the request could not be done");
		this.status = given.status ?? 0;
		this.code = given.code ?? "";
		this.detail = this.message;
		this.hint = given.hint ?? "";
		this.field = given.field ?? "";
		this.requestId = given.request_id ?? "";
	}
}

/** The code of a request that got no answer. */
export const UNREACHABLE = "unreachable";

/** @param {Response} response */
export async function problemOf(response) {
	const given = { status: response.status, request_id: response.headers.get("X-Request-Id") ?? "" };
	if ((response.headers.get("Content-Type") ?? "").includes("json")) {
		try {
			return new Problem({ ...given, ...(await response.json()) });
		} catch {
			// cut off: the status is what is known
		}
	}
	return new Problem({ ...given, detail: `the server answered ${response.status}`, hint: response.status >= 500 ? "try again in a moment" : "" });
}
