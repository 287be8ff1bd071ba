// SPDX-License-Identifier: Apache-2.0

// The keys of a keyspace: searched, filtered, page by page.

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { useLive } from "../following.js";
import { setQuery, useQuery } from "../router.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Button, Empty, Pager, Table, Time } from "../ui.js";
import { keyspaceOf, useKeyspaces } from "../parts/keyspacefield.js";
import { KeyName, Owner, Scopes, States } from "../parts/names.js";
import { Filters } from "../parts/filters.js";
import { BulkDialog } from "../bulk/dialog.js";

const SIZE = 50;

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Name", head: true, cell: (r) => html`<${KeyName} of=${r} /><span class="mono faint name">${r.display}</span>` },
	{ title: "State", cell: (r) => html`<${States} of=${r} />` },
	{ title: "Owner", cell: (r) => html`<${Owner} of=${r.owner} />` },
	{ title: "Scopes", class: "wide-only", cell: (r) => html`<${Scopes} of=${[...(r.roles ?? []).map((/** @type {string} */ n) => "role " + n), ...r.scopes]} max=${1} />` },
	{ title: "Last used", class: "nowrap", cell: (r) => html`<${Time} at=${r.last_used_at} />` },
	{ title: "Expires", class: "nowrap", cell: (r) => html`<${Time} at=${r.expires_at} />` },
	{ title: "Created", class: "nowrap wide-only", cell: (r) => html`<${Time} at=${r.created_at} />` },
];

export default function Keys() {
	const query = useQuery();
	const spaces = useKeyspaces({ reserved: true });
	const keyspace = query.keyspace || keyspaceOf(spaces.names);
	const [bulk, setBulk] = useState(false);
	const page = useLoad(async (signal) => {
		if (!keyspace) return undefined;
		return get("/v1/keys", { signal, query: { ...listQuery(query), keyspace, cursor: query.cursor, limit: SIZE } });
	}, [keyspace, JSON.stringify(query)]);
	useLive((change) => change.events.some((e) => e.keyspace === keyspace && e.verb.startsWith("key.")) && page.reload());
	const rows = page.data?.keys;
	const scopes = session.value?.scopes;
	const filtered = Object.keys(listQuery(query)).some((name) => name !== "sort");
	const acts = ["revoke", "write", "rotate"].some((verb) => grants(scopes, "keys:" + verb));
	return html`<${Page} title="Keys" actions=${html`
		${acts && html`<${Button} onClick=${() => setBulk(true)} disabled=${!rows?.length || Boolean(query.public_id)}>Act on all of these…<//>`}
		${grants(scopes, "keys:issue") && html`<a class="button primary" href=${"/console/issue?keyspace=" + encodeURIComponent(keyspace)}>Issue a key</a>`}`}>
		<${Filters} query=${query} names=${spaces.names} keyspace=${keyspace} />
		<${Table} label="Keys" columns=${COLUMNS} rows=${rows} id=${(/** @type {any} */ r) => r.id} loading=${page.loading} problem=${page.problem ?? spaces.problem} onRetry=${page.reload}
			expected=${10} empty=${filtered ? html`<${Empty} title="No key fits these filters"><${Button} small onClick=${() => setQuery(NONE)}>Clear the filters<//><//>` : html`<${Empty} title="This keyspace has no keys yet"><a href=${"/console/issue?keyspace=" + encodeURIComponent(keyspace)}>Issue the first one</a><//>`} />
		${rows?.length > 0 && html`<${Pager} cursor=${query.cursor} next=${page.data.next_cursor} busy=${page.loading}
			onGo=${(/** @type {string} */ cursor) => setQuery({ cursor }, { push: true })} onBack=${() => history.back()}>
			${rows.length} ${rows.length === 1 ? "key" : "keys"} on this page${page.data.next_cursor ? ", more follow" : query.cursor ? ", the last ones" : ""}
		<//>`}
		${bulk && html`<${BulkDialog} filter=${bulkFilter(query, keyspace)} onClose=${() => setBulk(false)} onDone=${page.reload} />`}
	<//>`;
}

const NONE = { q: "", public_id: "", owner: "", state: "", expires: "", due: "", sort: "", cursor: "" };

/** What the address bar says, as the server is asked it. @param {Record<string, string>} query */
function listQuery(query) {
	/** @type {Record<string, string>} */
	const asked = {};
	for (const name of ["q", "public_id", "owner", "state", "due", "sort"]) if (query[name]) asked[name] = query[name];
	const days = Number(query.expires);
	// A whole hour, so that the next page asks for the same.
	if (days > 0) asked.expires_before = new Date(Math.ceil((Date.now() + days * 86400000) / 3600000) * 3600000).toISOString();
	return asked;
}

/** The same filter as an act on many keys takes it. @param {Record<string, string>} query @param {string} keyspace */
function bulkFilter(query, keyspace) {
	const { sort, public_id, due, ...rest } = listQuery(query);
	const filter = { keyspace, ...rest, ...(due ? { due: true } : {}) };
	return Object.keys(filter).length === 1 ? { ...filter, all: true } : filter;
}
