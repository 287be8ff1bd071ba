// SPDX-License-Identifier: Apache-2.0

import { html, useEffect, useRef, useState } from "../view.js";
import { go, setQuery } from "../router.js";
import { Button, Field } from "../ui.js";
import { KeyspaceField } from "./keyspacefield.js";
import { LEFT_OUT, looksLikeKey } from "./names.js";

const SORTS = [["", "Newest first"], ["oldest", "Oldest first"], ["expires", "Next to expire"]];
const STATES = ["active", "pending", "disabled", "expired", "revoked"];
const ENDS = [["7", "Within 7 days, or ended"], ["30", "Within 30 days, or ended"], ["90", "Within 90 days, or ended"]];

/**
 * The filters of a list of keys. They are in the address bar, so that a list can be shared.
 * @param {{query: Record<string, string>, names: string[] | undefined, keyspace: string}} props
 */
export function Filters({ query, names, keyspace }) {
	const set = (/** @type {Record<string, string>} */ changes) => setQuery({ ...changes, cursor: "" });
	const pick = (/** @type {string} */ name) => (/** @type {any} */ e) => set({ [name]: e.target.value });
	const [more, setMore] = useState(false); // on narrow screens
	const some = ["q", "public_id", "owner", "state", "expires", "due", "sort"].some((name) => query[name]);
	return html`<form class="filters" role="search" aria-label="Keys" onSubmit=${(/** @type {Event} */ e) => e.preventDefault()}>
		<${KeyspaceField} names=${names} value=${keyspace} onChange=${(/** @type {string} */ name) => set({ keyspace: name })} />
		<${Typed} label="Name or owner" value=${query.q} set=${(/** @type {string} */ q) => set({ q })} />
		<${Button} class="toggle" aria-expanded=${more} onClick=${() => setMore(!more)}>${more ? "Fewer filters" : "More filters"}<//>
		<div class=${"more-filters" + (more ? "" : " closed")}>
		<${Typed} label="Public or key id" value=${query.public_id} set=${(/** @type {string} */ id) => (/^key_[A-Za-z0-9]{22}$/.test(id) ? go("/console/keys/" + id) : set({ public_id: id }))} mono />
		<${Typed} label="Exact owner" value=${query.owner} set=${(/** @type {string} */ owner) => set({ owner })} />
		<${Pick} label="State" value=${query.state} onChange=${pick("state")} options=${[["", "Any"], ...STATES.map((s) => [s, s])]} />
		<${Pick} label="Expires" value=${query.expires} onChange=${pick("expires")} options=${[["", "Any time"], ...ENDS]} />
		<${Pick} label="Rotation" value=${query.due} onChange=${pick("due")} options=${[["", "Any"], ["true", "Due"]]} />
		<${Pick} label="Order" value=${query.sort} onChange=${pick("sort")} options=${SORTS} />
		</div>
		${some && html`<${Button} kind="plain" onClick=${() => set({ q: "", public_id: "", owner: "", state: "", expires: "", due: "", sort: "" })}>Clear<//>`}
	</form>`;
}

/** @param {{label: string, value?: string, onChange: (e: any) => void, options: string[][]}} props */
export function Pick({ label, value = "", onChange, options }) {
	return html`<${Field} label=${label}>${(/** @type {any} */ a) => html`<select ...${a} value=${value} onChange=${onChange}>
		${options.map(([v, text]) => html`<option key=${v} value=${v} selected=${v === value}>${text}</option>`)}
	</select>`}<//>`;
}

/** A text that filters a moment after it was typed. @param {{label: string, value?: string, set: (text: string) => void, mono?: boolean}} props */
export function Typed({ label, value = "", set, mono }) {
	const [text, setText] = useState(value);
	const timer = useRef(0);
	useEffect(() => setText(value), [value]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const secret = looksLikeKey(text);
	const change = (/** @type {any} */ e) => {
		const now = e.target.value;
		setText(now);
		clearTimeout(timer.current);
		if (!looksLikeKey(now)) timer.current = setTimeout(() => now.trim() !== value && set(now.trim()), 350);
	};
	return html`<${Field} label=${label} error=${secret ? LEFT_OUT : ""}>
		${(/** @type {any} */ a) => html`<input ...${a} type="search" value=${text} onInput=${change} class=${mono ? "mono" : ""} dir="auto" autocomplete="off" autocapitalize="none" spellcheck=${false} />`}
	<//>`;
}
