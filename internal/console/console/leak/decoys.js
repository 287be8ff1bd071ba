// SPDX-License-Identifier: Apache-2.0

// Decoys: keys that look real and open nothing. Whoever uses one has found it where it was planted.

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { useLive } from "../following.js";
import { Badge, Empty, Notice, Pager, Table, Time } from "../ui.js";
import { plain } from "../parts/names.js";

const VERB = "decoy.use";

/** What an event tells: "name value" lines of changes, and personal fields. @param {any} event @param {string} name */
function told(event, name) {
	const personal = (event.personal ?? []).find((/** @type {any} */ p) => p.name === name);
	if (personal) return personal.salt ? personal.value : "(erased)";
	const line = event.changes.find((/** @type {string} */ c) => c.startsWith(name + " "));
	return line ? line.slice(name.length + 1) : "";
}

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Used", head: true, class: "nowrap", cell: (e) => html`<${Time} at=${e.time} />` },
	{ title: "Planted", cell: (e) => html`<bdi class="break">${plain(told(e, "planted")) || "not told"}</bdi>` },
	{ title: "From the network", cell: (e) => html`<span class="mono">${told(e, "network") || told(e, "address") || "not told"}</span>` },
];

/** @type {import("../ui/table.js").Column} */
const KEY = { title: "Decoy", cell: (e) => html`<a class="mono nowrap" href=${`/console/keys/${encodeURIComponent(e.target)}`} title=${e.target}>${e.target.replace(/^(key_).+(.{6})$/, "$1…$2")}</a>` };

/** Uses of all decoys, newest first; at most one for each key and hour. @param {{keyspace?: string}} props */
export function UsedDecoys({ keyspace }) {
	return html`<${Uses} title="Decoys that were used" query=${{ keyspace }} columns=${[COLUMNS[0], KEY, ...COLUMNS.slice(1)]}
		empty=${html`<${Empty} title="No decoy was used"><p>A decoy is a key that looks real and opens nothing. Plant one where no honest program looks: <a href="/console/issue?decoy=1">issue a decoy</a>.</p><//>`} />`;
}

/** What a decoy is, where it was planted and who used it. @param {{record: any, events: boolean}} props events: whether they may be read */
export function Decoy({ record, events }) {
	return html`<${Notice} kind="warn" title=${html`A decoy <${Badge}>opens nothing<//>`}>
			<p>Every verification of it is refused as if nobody knew it, and leaves an event that says where it was planted: <bdi class="break">${plain(record.decoy.planted || "not told")}</bdi>.</p>
		<//>
		${events && html`<${Uses} title="Uses of this decoy" query=${{ target: record.id }} columns=${COLUMNS} empty=${html`<${Empty} title="Nobody has used it" />`} />`}`;
}

/** @param {{title: string, query: any, columns: any[], empty: any}} props */
function Uses({ title, query, columns, empty }) {
	const [cursor, setCursor] = useState("");
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/events", { signal, query: { ...query, verb: VERB, cursor, limit: 10 } }), [JSON.stringify(query), cursor]);
	useLive((change) => change.events.some((e) => e.verb === VERB) && reload());
	return html`<section class="section" aria-label=${title}><h2>${title}</h2>
		<${Table} label=${title} columns=${columns} rows=${data?.events} id=${(/** @type {any} */ e) => e.sequence} loading=${loading} problem=${problem} onRetry=${reload} expected=${2} empty=${empty} />
		${data?.events.length > 0 && html`<p class="hint">At most one line for each decoy and hour, however often it was tried.</p>`}
		${(cursor || data?.next_cursor) && html`<${Pager} cursor=${cursor} next=${data?.next_cursor} busy=${loading} onGo=${setCursor} />`}
	</section>`;
}
