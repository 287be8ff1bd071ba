// SPDX-License-Identifier: Apache-2.0

// What is typed about a key, and how it becomes a request. Issue, edit and the children of a key share it.

import { limitDrafts, limitsOf } from "./limits.js";

export const METADATA_MAX = 64 * 1024;

/**
 * @typedef {{name: string, owner: string, scopes: string[], roles: string[], limits: import("./limits.js").LimitDraft[] | null, networks: string[], origins: string[], methods: string[], paths: string[], metadata: string, notBefore: string, expiry: {kind: string, in: string, at: string}}} Draft
 * limits null: those of the keyspace.
 */

/** @returns {Draft} */
export const emptyDraft = () => ({
	name: "", owner: "", scopes: [], roles: [], limits: null, networks: [], origins: [], methods: [], paths: [], metadata: "", notBefore: "",
	expiry: { kind: "never", in: "90d", at: "" },
});

/** @param {any} r a record @returns {Draft} */
export const draftOf = (r) => ({
	name: r.name ?? "", owner: r.owner ?? "", scopes: r.scopes ?? [], roles: r.roles ?? [], limits: limitDrafts(r.limits),
	networks: r.allowed_networks ?? [], origins: r.allowed_origins ?? [], methods: r.allowed_methods ?? [], paths: r.allowed_paths ?? [],
	metadata: r.metadata ? JSON.stringify(r.metadata, null, 2) : "", notBefore: local(r.not_before),
	expiry: { kind: r.expires_at ? "at" : "never", in: "90d", at: local(r.expires_at) },
});

/** A time as a field for local times takes it. @param {string | undefined} at */
function local(at) {
	if (!at) return "";
	const d = new Date(at);
	return new Date(d.getTime() - d.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** @param {string} text */
const instant = (text) => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : text);

/** What is wrong with metadata before it is sent; empty: nothing. @param {string} text */
export function metadataProblem(text) {
	if (!text.trim()) return "";
	const size = new TextEncoder().encode(text).length;
	/** @type {unknown} */
	let value;
	try {
		value = JSON.parse(text);
	} catch (problem) {
		return "This is not JSON: " + String(/** @type {Error} */ (problem).message).replace(/, ("|\.\.\.)[\s\S]* is not valid JSON$/, "").replace(/^JSON\.parse: /, "") + ".";
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) return 'Metadata is a JSON object, such as {"team": "billing"}.';
	const compact = new TextEncoder().encode(JSON.stringify(value)).length;
	return Math.min(size, compact) > METADATA_MAX ? `Metadata is at most 64 KB; this is ${Math.ceil(compact / 1024)} KB.` : "";
}

/** The fields of a request; what is left empty is absent. @param {Draft} d @returns {Record<string, unknown>} */
export function requestOf(d) {
	/** @type {Record<string, unknown>} */
	const q = {};
	if (d.name.trim()) q.name = d.name.trim();
	if (d.owner.trim()) q.owner = d.owner.trim();
	if (d.scopes.length) q.scopes = d.scopes;
	if (d.roles.length) q.roles = d.roles;
	if (d.limits) q.limits = limitsOf(d.limits);
	if (d.networks.length) q.allowed_networks = d.networks;
	if (d.origins.length) q.allowed_origins = d.origins;
	if (d.methods.length) q.allowed_methods = d.methods;
	if (d.paths.length) q.allowed_paths = d.paths;
	if (d.metadata.trim()) q.metadata = JSON.parse(d.metadata);
	if (d.notBefore) q.not_before = instant(d.notBefore);
	if (d.expiry.kind === "in") q.expires_in = d.expiry.in.trim();
	if (d.expiry.kind === "at") q.expires_at = instant(d.expiry.at);
	return q;
}

/**
 * What differs between two drafts, as a change: null clears.
 * @param {Draft} base @param {Draft} d @returns {Record<string, unknown>}
 */
export function changesOf(base, d) {
	const before = requestOf(base);
	const after = requestOf(d);
	if (typeof after.expires_in === "string") {
		after.expires_at = after.expires_in;
		delete after.expires_in;
	}
	/** @type {Record<string, unknown>} */
	const changes = {};
	for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
		if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) changes[name] = after[name] ?? null;
	}
	return changes;
}
