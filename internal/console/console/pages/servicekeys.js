// SPDX-License-Identifier: Apache-2.0

// Service keys: who may call this server, and with which scopes.

import { html, useState } from "../view.js";
import { get, post } from "../api.js";
import { useLoad } from "../load.js";
import { setQuery, useQuery } from "../router.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { Page } from "../layout.js";
import { Badge, Button, Confirm, Pager, State, Table, Time } from "../ui.js";
import { IssueServiceKey } from "./issueservicekey.js";
import { RESERVED } from "../parts/keyspacefield.js";

export default function ServiceKeys() {
	const query = useQuery();
	const who = useStore(session);
	const [issuing, setIssuing] = useState(false);
	const [act, setAct] = useState(/** @type {any} */ (null));
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/keys", { query: { keyspace: RESERVED, cursor: query.cursor, limit: 50 }, signal }), [query.cursor]);
	useLive((change) => change.keyspaces.has(RESERVED) && reload());
	/** @type {import("../ui/table.js").Column[]} */
	const columns = [
		{ title: "Name", head: true, cell: (k) => html`<a href=${`/console/keys/${k.id}`}><bdi class="name">${k.name || k.id}</bdi></a>${k.id === who?.key_id && html` <${Badge}>this session<//>`}<div class="hint mono nowrap">${k.display}</div>` },
		{ title: "State", cell: (k) => html`<${State} of=${k.state} />` },
		{ title: "Scopes", cell: (k) => html`<ul class="chips">${k.scopes.map((/** @type {string} */ s) => html`<li key=${s}>${s}</li>`)}</ul>${k.keyspaces && html`<div class="hint">of ${k.keyspaces.join(", ")}</div>`}` },
		{ title: "Last used", class: "nowrap", cell: (k) => html`<${Time} at=${k.last_used_at} />` },
		{ title: "Ends", class: "nowrap", cell: (k) => html`<${Time} at=${k.expires_at} />` },
		{ title: html`<span class="visually-hidden">Act</span>`, class: "nowrap", cell: (k) => k.state !== "revoked" && html`<${Button} small kind="danger" aria-label=${`Revoke ${k.name || k.id}`} onClick=${() => setAct(k)}>Revoke<//>` },
	];
	return html`<${Page} title="Service keys" actions=${!issuing && html`<${Button} kind="primary" onClick=${() => setIssuing(true)}>Issue a service key<//>`}
		intro="Programs and people call this server with them. Give each one only the scopes that it needs. Its sessions in the console end with it, at once.">
		${issuing && html`<${IssueServiceKey} onClose=${() => {
			setIssuing(false);
			reload();
		}} />`}
		<${Table} label="Service keys" columns=${columns} rows=${data?.keys} id=${(/** @type {any} */ k) => k.id} loading=${loading} problem=${problem} onRetry=${reload} expected=${3} />
		${(query.cursor || data?.next_cursor) && html`<${Pager} cursor=${query.cursor} next=${data?.next_cursor} busy=${loading} onGo=${(/** @type {string} */ cursor) => setQuery({ cursor })} />`}
		${act && html`<${Confirm} title="Revoke the service key?" verb="Revoke" type=${act.name || act.id} act=${() => post(`/v1/keys/${act.id}/revoke`, {})} onClose=${() => {
			setAct(null);
			reload();
		}}>
			<p>It ends for good, at once, with every session of it.</p>
			${act.id === who?.key_id && html`<p><strong>It is the one you are signed in with:</strong> you will be signed out.</p>`}
		<//>`}
	<//>`;
}
