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
			{ title: "Changes", cell: (e) => html`<ul class="changes">${[...e.changes, ...(e.personal ?? []).map((/** @type {any} */ p) => `${p.name} ${p.salt ? p.value : "(erased)"}`)].map((c) => html`<li key=${c} dir="auto">${plain(c)}</li>`)}</ul>` },
		]} />
		${(cursor || data?.next_cursor) && html`<${Pager} cursor=${cursor} next=${data?.next_cursor} busy=${loading} onGo=${setCursor} />`}
	</section>`;
}

/** Who did it: a service key, or a word. @param {{of: string}} props */
export const Actor = ({ of }) => (of.startsWith("key_") ? html`<a class="mono" href=${"/console/keys/" + of} title=${of}>${of.slice(0, 12)}…</a>` : of);
