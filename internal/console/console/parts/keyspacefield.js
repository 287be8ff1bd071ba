// SPDX-License-Identifier: Apache-2.0

// The keyspaces that whoever is signed in may see, the one that was looked at last, and the field that chooses one.

import { html } from "../view.js";
import { store, useStore } from "../store.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Field } from "../ui.js";

/** The keyspace of service keys, which no other keys are in. */
export const RESERVED = "keywright";

/** The keyspace that was chosen last, while the page lives. */
const chosen = store("");

/**
 * The keyspaces that may be chosen: all that can be seen or, for a service key that may not list them, the one that it means.
 * @param {{reserved?: boolean}} [options] reserved: that of service keys too
 * @returns {{names: string[] | undefined, keyspaces: any[], problem: any}} names is undefined while they are loaded
 */
export function useKeyspaces({ reserved = false } = {}) {
	const who = useStore(session);
	const may = grants(who?.scopes, "keyspaces:read");
	const { data, problem } = useLoad(async (signal) => (may ? (await get("/v1/keyspaces", { signal })).keyspaces : []), [may]);
	if (!data) return { names: undefined, keyspaces: [], problem };
	const names = may ? data.map((/** @type {any} */ k) => k.name) : [who?.keyspace].filter(Boolean);
	return { names: names.filter((/** @type {string} */ name) => reserved || name !== RESERVED), keyspaces: data, problem };
}

/**
 * The keyspace that a page shows where its address names none: the one that was chosen last, or the first that somebody made.
 * @param {string[] | undefined} names
 */
export function keyspaceOf(names) {
	if (!names) return "";
	if (chosen.value && (!names.length || names.includes(chosen.value))) return chosen.value;
	return names.find((name) => name !== RESERVED && name !== "default") ?? names.find((name) => name === "default") ?? names[0] ?? "default";
}

/**
 * A choice of keyspace; a text where the list may not be read.
 * @param {{names: string[] | undefined, value: string, onChange: (name: string) => void, any?: string, label?: string, [rest: string]: any}} props
 * any: what the choice of none is called, where none may be chosen
 */
export function KeyspaceField({ names, value, onChange, any, label = "Keyspace", ...rest }) {
	const change = (/** @type {any} */ e) => {
		chosen.set(e.target.value);
		onChange(e.target.value);
	};
	const shown = [...new Set([value, ...(names ?? [])])].filter(Boolean);
	return html`<${Field} label=${label} name="keyspace" ...${rest}>${(/** @type {any} */ a) => (names?.length === 0
		? html`<input ...${a} value=${value} onChange=${change} autocapitalize="none" spellcheck=${false} />`
		: html`<select ...${a} value=${value} onChange=${change}>
			${any !== undefined && html`<option value="">${any}</option>`}
			${(names?.includes(value) ? names : shown).map((name) => html`<option key=${name} value=${name} selected=${name === value}>${name}</option>`)}
		</select>`)}<//>`;
}
