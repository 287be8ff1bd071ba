// SPDX-License-Identifier: Apache-2.0

// Leaked keys: where each was found, who reported it, what was done and how long that took.

import { html } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { setQuery, useQuery } from "../router.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Empty, Pager, Table, Time } from "../ui.js";
import { KeyspaceField, useKeyspaces } from "../parts/keyspacefield.js";
import { Pick, Typed } from "../parts/filters.js";
import { Owner } from "../parts/names.js";
import { actionWords, afterWords, LeakState, olderWords, reporterWords, Seen } from "../leak/words.js";
import { UsedDecoys } from "../leak/decoys.js";

const LIMIT = 50;
const FILTERS = ["keyspace", "owner", "state"];
const STATES = [["", "Any"], ["open", "Open"], ["ended", "Ended"]];

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Key", head: true, cell: (l) => html`<a class="mono nowrap" href=${`/console/leaks/${encodeURIComponent(l.id)}`}>${l.public_id || l.key_id}</a><div class="hint nowrap">${l.keyspace} · ${l.kind}${l.publishable && l.kind !== "publishable" && ", publishable"}</div>` },
	{ title: "State", cell: (l) => html`<${LeakState} of=${l} />` },
	{ title: "Seen", class: "nowrap", cell: (l) => html`<${Time} at=${l.first_seen_at} />` },
	{ title: "Where", cell: (l) => html`<${Seen} of=${l} />` },
	{ title: "Reported by", cell: (l) => html`<span class="name" dir="auto" title=${l.sightings?.[0]?.reporter}>${reporterWords(l.sightings?.[0])}</span>` },
	{ title: "Owner", cell: (l) => html`<${Owner} of=${l.owner} />` },
	{ title: "What was done", class: "nowrap", cell: (l) => html`${actionWords(l)}${l.revoke_at && !l.ended_at && html` <${Time} at=${l.revoke_at} />`}<div class="hint">${afterWords(l)}</div>` },
];

export default function Leaks() {
	const query = useQuery();
	const scopes = useStore(session)?.scopes;
	const asked = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
	const filtered = FILTERS.some((name) => query[name]);
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/leaks", { query: { ...asked, cursor: query.cursor, limit: LIMIT }, signal }), [JSON.stringify(asked), query.cursor]);
	useLive((change) => change.events.some((e) => /^(leak|decoy)\.|^key\.revoke/.test(e.verb)) && reload());
	const report = grants(scopes, "leaks:report") && html`<a class="button primary" href="/console/report-leak">Report a leak</a>`;
	return html`<${Page} title="Leaks" actions=${report} intro="Keys of yours that were seen where everybody can read them. A report ends a secret key as its keyspace says; a publishable key is meant to be seen, and is never ended by a report.">
		<${Filters} query=${query} />
		<${Table} label="Leaks" columns=${COLUMNS} rows=${data?.leaks} id=${(/** @type {any} */ l) => l.id} loading=${loading} problem=${olderWords(problem, "leaks", "/v1/leaks")} onRetry=${reload} expected=${4}
			empty=${filtered ? html`<${Empty} title="No leak fits these filters" />` : html`<${Empty} title="No key of yours was reported as leaked"><p>Reports come from <code>keywright scan</code>, from platforms that search for keys, and from you.</p><//>`} />
		${(query.cursor || data?.next_cursor) && html`<${Pager} cursor=${query.cursor} next=${data?.next_cursor} busy=${loading} onGo=${(/** @type {string} */ cursor) => setQuery({ cursor }, { push: true })} onBack=${() => history.back()} />`}
		${grants(scopes, "audit:read") && html`<${UsedDecoys} keyspace=${query.keyspace} />`}
	<//>`;
}

/** @param {{query: Record<string, string>}} props */
function Filters({ query }) {
	const { names } = useKeyspaces();
	const set = (/** @type {Record<string, string>} */ changes) => setQuery({ ...changes, cursor: "" });
	return html`<form class="filters" role="search" aria-label="Leaks" onSubmit=${(/** @type {Event} */ e) => e.preventDefault()}>
		<${KeyspaceField} names=${names} value=${query.keyspace ?? ""} any="All" onChange=${(/** @type {string} */ keyspace) => set({ keyspace })} />
		<${Typed} label="Exact owner" value=${query.owner} set=${(/** @type {string} */ owner) => set({ owner })} />
		<${Pick} label="State" value=${query.state} onChange=${(/** @type {any} */ e) => set({ state: e.target.value })} options=${STATES} />
	</form>`;
}
