// SPDX-License-Identifier: Apache-2.0

// Owners of a keyspace that have limits or credits of their own, which their keys share.

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { go, setQuery, useQuery } from "../router.js";
import { useLive } from "../following.js";
import { Page } from "../layout.js";
import { Button, Empty, Field, Pager, Table, Time } from "../ui.js";
import { KeyspaceField, keyspaceOf, useKeyspaces } from "../parts/keyspacefield.js";
import { limitWords, refillWords } from "./policywords.js";

/** @param {string} keyspace @param {string} id */
const pathOf = (keyspace, id) => `/console/owners/${encodeURIComponent(keyspace)}/${encodeURIComponent(id)}`;

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Owner", head: true, cell: (o) => html`<a href=${pathOf(o.keyspace, o.id)}><bdi class="name">${o.id}</bdi></a>` },
	{ title: "Credits left", class: "number", cell: (o) => o.credits?.remaining?.toLocaleString("en") ?? html`<span class="faint">not counted</span>` },
	{ title: "Filled up", cell: (o) => (o.credits ? refillWords(o.credits.refill) : "") },
	{ title: "Limits", cell: (o) => (o.limits ? o.limits.map((/** @type {any} */ l) => html`<div key=${l.name}>${limitWords(l)}</div>`) : html`<span class="faint">those of the keyspace</span>`) },
	{ title: "Changed", class: "nowrap", cell: (o) => html`<${Time} at=${o.updated_at} />` },
];

export default function Owners() {
	const query = useQuery();
	const { names, problem: unknown } = useKeyspaces();
	const keyspace = query.keyspace || keyspaceOf(names);
	const { data, problem, loading, reload } = useLoad(async (signal) => (keyspace ? get("/v1/owners", { query: { keyspace, cursor: query.cursor }, signal }) : undefined), [keyspace, query.cursor]);
	useLive((change) => change.events.some((e) => e.verb.startsWith("owner.") && e.keyspace === keyspace) && reload());
	return html`<${Page} title="Owners" intro="Whose keys they are: an id of your own. An owner is listed here once it has limits or credits, which all of its keys share.">
		<div class="filters">
			<${KeyspaceField} names=${names} value=${keyspace} onChange=${(/** @type {string} */ name) => setQuery({ keyspace: name, cursor: undefined })} />
			<${Open} keyspace=${keyspace} />
		</div>
		<${Table} label="Owners" columns=${COLUMNS} rows=${data?.owners} id=${(/** @type {any} */ o) => o.id} loading=${loading} problem=${problem ?? unknown} onRetry=${reload}
			empty=${html`<${Empty} title="No owner of this keyspace has limits or credits of its own" />`} />
		${(query.cursor || data?.next_cursor) && html`<${Pager} cursor=${query.cursor} next=${data?.next_cursor} busy=${loading} onGo=${(/** @type {string} */ cursor) => setQuery({ cursor })} />`}
	<//>`;
}

/** Leads to any owner, also one that has nothing yet. @param {{keyspace: string}} props */
function Open({ keyspace }) {
	const [id, setId] = useState("");
	const open = (/** @type {Event} */ event) => {
		event.preventDefault();
		if (id.trim()) go(pathOf(keyspace, id.trim()));
	};
	return html`<form class="filters grow" onSubmit=${open}>
		<${Field} label="Any owner" class="grow">${(/** @type {any} */ a) => html`<input ...${a} value=${id} onInput=${(/** @type {any} */ e) => setId(e.target.value)} placeholder="team_7" autocomplete="off" autocapitalize="none" spellcheck=${false} dir="auto" />`}<//>
		<${Button} type="submit">Open<//>
	</form>`;
}
