// SPDX-License-Identifier: Apache-2.0

// The steps of a verification in words: what each looks at, and what would mend it where it fails.

/**
 * @typedef {object} Step
 * @property {string} asks what the step looks at
 * @property {string} mend what would do where it fails
 * @property {string} [act] what the link to the record is called, where that is the place to mend it
 */

/** @type {Record<string, Step>} */
const STEPS = {
	MALFORMED: { asks: "The key is written as the keyspace's formats say", mend: "Copy the whole key again. If it is of another keyspace, choose that one." },
	NOT_FOUND: { asks: "A record has this key", mend: "It may be of another keyspace, or of another server. A secret that was rotated out is not found once its grace has ended." },
	REVOKED: { asks: "It was not revoked", mend: "A revoke is for good: issue another key." },
	DISABLED: { asks: "It is not disabled", mend: "Enable the key.", act: "Open the key to enable it" },
	EXPIRED: { asks: "It has not expired", mend: "Give the key a later end, or issue another one. A secret in grace ends before its record.", act: "Open the key to change its end" },
	NOT_YET_VALID: { asks: "It may be used by now", mend: "Wait until its begin, or change it.", act: "Open the key to change its begin" },
	FORBIDDEN: { asks: "It may be used for this environment and from this place", mend: "Ask with the environment, address, method, path or origin that the key allows, or change what it allows.", act: "Open the key to change what it allows" },
	INSUFFICIENT_SCOPE: { asks: "It grants the scopes that are asked for", mend: "Add the scopes to the key, or to one of its roles.", act: "Open the key to change its scopes" },
	RATE_LIMITED: { asks: "No limit is reached", mend: "Wait until the limit lets it through again, or raise the limit.", act: "Open the key to change its limits" },
	CREDITS_EXHAUSTED: { asks: "There are credits left", mend: "Add credits to the key or to its owner.", act: "Open the key to add credits" },
};

/** @param {string} code @returns {Step} */
export function stepOf(code) {
	return STEPS[code] ?? { asks: code, mend: "" };
}

/**
 * verdictWords says a verdict in one sentence.
 * @param {any} verdict
 */
export function verdictWords(verdict) {
	if (!verdict.valid) return REFUSED[verdict.code] ?? "The key may not be used as asked.";
	return verdict.secret === "previous" ? "The key may be used as asked. Its secret was rotated out, and its grace still runs." : "The key may be used as asked.";
}

/** @type {Record<string, string>} */
const REFUSED = {
	MALFORMED: "This is not written as a key of the keyspace.",
	NOT_FOUND: "No record of the keyspace has this key.",
	REVOKED: "The key was revoked.",
	DISABLED: "The key is disabled.",
	EXPIRED: "The key, or this secret of it, has expired.",
	NOT_YET_VALID: "The key may not be used yet.",
	FORBIDDEN: "The key may not be used here.",
	INSUFFICIENT_SCOPE: "The key does not grant what is asked for.",
	RATE_LIMITED: "A limit is reached.",
	CREDITS_EXHAUSTED: "There are no credits left.",
};

/** What a verdict says of a key is not known where there is none. */
export const UNKNOWN = new Set(["MALFORMED", "NOT_FOUND"]);
