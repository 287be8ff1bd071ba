// SPDX-License-Identifier: Apache-2.0

// What was done to a key, by whom: its lines of the audit chain.

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { Pager, Table, Time } from "../ui.js";
import { plain } from "../parts/names.js";

/** @param {{id: string, version: number}} props version: of the record; its events are read again when it changed. */
export function Events({ id, version }) {
	const [cursor, setCursor] = useState("");
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/events", { signal, query: { target: id, cursor, limit: 10 } }), [id, version, cursor]);
	return html`<section class="section" aria-label="Events"><h2>Events</h2>
		<${Table} label="Events of this key" rows=${data?.events} loading=${loading} problem=${problem} onRetry=${reload} expected=${3} id=${(/** @type {any} */ e) => e.sequence} columns=${[
			{ title: "When", head: true, class: "nowrap", cell: (e) => html`<${Time} at=${e.time} />` },
			{ title: "What", class: "nowrap", cell: (e) => html`<code>${e.verb}</code>` },
			{ title: "Who", cell: (e) => html`<${Actor} of=${e.actor} />` },
			{ title: "Changes", cell: (e) => html`<${Changes} of=${e} />` },
		]} />
		${(cursor || data?.next_cursor) && html`<${Pager} cursor=${cursor} next=${data?.next_cursor} busy=${loading} onGo=${setCursor} />`}
	</section>`;
}

const FEW = 5;

/** What an event changed; what is more than a row has room for is opened. @param {{of: any}} props */
export function Changes({ of }) {
	const all = [...of.changes, ...(of.personal ?? []).map((/** @type {any} */ p) => `${p.name} ${p.salt ? p.value : "(erased)"}`)];
	const list = (/** @type {string[]} */ lines) => html`<ul class="changes">${lines.map((c, i) => html`<li key=${i} dir="auto">${plain(c)}</li>`)}</ul>`;
	return html`${list(all.slice(0, FEW))}${all.length > FEW && html`<details><summary class="hint">${all.length - FEW} more</summary>${list(all.slice(FEW))}</details>`}`;
}

/** Who did it: a service key, or a word. @param {{of: string}} props */
export const Actor = ({ of }) => (of.startsWith("key_") ? html`<a class="mono" href=${"/console/keys/" + of} title=${of}>${of.slice(0, 12)}…</a>` : of);
