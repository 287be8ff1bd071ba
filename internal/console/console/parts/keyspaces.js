// SPDX-License-Identifier: Apache-2.0

// The keyspaces that whoever is signed in may see, and the one that was looked at last.

import { html } from "../view.js";
import { store } from "../store.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Field } from "../ui.js";

/** The keyspace that was chosen last, while the page lives. */
export const chosen = store("");

/** Their list; empty where the service key may not read it. */
export function useKeyspaces() {
	return useLoad(async (signal) => {
		if (!grants(session.value?.scopes, "keyspaces:read")) return [];
		const { keyspaces } = await get("/v1/keyspaces", { signal });
		return /** @type {any[]} */ (keyspaces);
	}, []);
}

/**
 * The keyspace that a page shows: the one of the address bar, the last one, or the first that is there.
 * @param {any[] | undefined} all
 * @param {string | undefined} wanted
 */
export function keyspaceOf(all, wanted) {
	if (wanted) chosen.set(wanted);
	if (chosen.value) return chosen.value;
	const names = (all ?? []).map((k) => k.name);
	return names.find((name) => name !== "keywright" && name !== "default") ?? names.find((name) => name === "default") ?? names[0] ?? session.value?.keyspace ?? "default";
}

/**
 * A choice of keyspace; a text where the list may not be read.
 * @param {{all: any[] | undefined, value: string, onChange: (name: string) => void, problem?: any, label?: string}} props
 */
export function KeyspaceField({ all, value, onChange, problem, label = "Keyspace" }) {
	const change = (/** @type {any} */ e) => {
		chosen.set(e.target.value);
		onChange(e.target.value);
	};
	const names = new Set((all ?? []).map((k) => k.name));
	if (value) names.add(value);
	return html`<${Field} label=${label} name="keyspace" problem=${problem}>
		${(/** @type {any} */ a) => (all && !all.length ? html`<input ...${a} value=${value} onChange=${change} autocapitalize="none" spellcheck=${false} />` : html`<select ...${a} value=${value} onChange=${change}>
			${[...names].map((name) => html`<option key=${name} value=${name} selected=${name === value}>${name}</option>`)}
		</select>`)}
	<//>`;
}
