// SPDX-License-Identifier: Apache-2.0

// Who is signed in. The service key is exchanged for a cookie that no script can read; what is kept here is in memory.

import { store } from "./store.js";
import { Problem, problemOf } from "./problem.js";

/**
 * @typedef {{key_id: string, name?: string, keyspace?: string, keyspaces?: string[], scopes: string[], csrf: string, expires_at: string, idle_until: string}} Session
 */

/** undefined: not known yet; null: nobody. */
export const session = store(/** @type {Session | null | undefined} */ (undefined));

/** Whether a session has ended while the page was in use: a dialog asks for the service key. */
export const asking = store(false);

/** @type {Promise<boolean> | null} */
let asked = null;
/** @type {((signedIn: boolean) => void) | null} */
let answer = null;

/** Asks the server who is signed in. */
export async function refresh() {
	const response = await fetch("/v1/sessions", { headers: { Accept: "application/json" }, cache: "no-store" });
	if (response.status === 401) {
		if (session.value === undefined) session.set(null); // else a page is in use, and stays
		return null;
	}
	if (!response.ok) throw await problemOf(response);
	const found = /** @type {Session} */ (await response.json());
	session.set(found);
	return found;
}

/**
 * Exchanges a service key for the cookie.
 * @param {string} key
 */
export async function signIn(key) {
	if (/[^\x21-\x7e]/.test(key)) {
		throw new Problem({ status: 400, code: "invalid_input", field: "key", detail: "a service key has no spaces, line breaks or other signs", hint: "paste the key alone" });
	}
	const response = await fetch("/v1/sessions", { method: "POST", headers: { Authorization: "Bearer " + key, Accept: "application/json" }, cache: "no-store" });
	if (!response.ok) throw await problemOf(response);
	session.set(await response.json());
	settle(true);
}

/** Ends the session, here and at the server. */
export async function signOut() {
	const csrf = session.value?.csrf ?? "";
	const response = await fetch("/v1/sessions", { method: "DELETE", headers: { "X-Keywright-CSRF": csrf } });
	if (!response.ok && response.status !== 401) throw await problemOf(response);
	session.set(null);
}

/** Asks for a service key over the page. Resolves to whether somebody signed in. */
export function askToSignIn() {
	asked ??= new Promise((resolve) => {
		answer = resolve;
		asking.set(true);
	});
	return asked;
}

/** @param {boolean} signedIn */
export function settle(signedIn) {
	answer?.(signedIn);
	asked = answer = null;
	asking.set(false);
}
