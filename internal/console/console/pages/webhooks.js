// SPDX-License-Identifier: Apache-2.0

// Where events are sent to: webhooks and exports, and how each of them is.

import { html } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Empty, Table } from "../ui.js";
import { Health, KINDS, Waits } from "./webhookwords.js";

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Name", head: true, cell: (w) => html`<a href=${`/console/webhooks/${encodeURIComponent(w.id)}`}><bdi class="name">${w.name || w.id}</bdi></a>` },
	{ title: "State", cell: (w) => html`<${Health} of=${w} />` },
	{ title: "Waits", cell: (w) => html`<${Waits} of=${w} />` },
	{ title: "Kind", class: "nowrap", cell: (w) => KINDS[w.kind] ?? w.kind },
	{ title: "To", cell: (w) => html`<span class="mono break">${w.url}</span>` },
	{ title: "Events", cell: (w) => html`${w.verbs?.join(", ") ?? "all"}${w.keyspaces && html`<div class="hint">of ${w.keyspaces.join(", ")}</div>`}` },
];

export default function Webhooks() {
	const scopes = useStore(session)?.scopes;
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/webhooks", { signal }), []);
	useLive(() => reload());
	const create = grants(scopes, "webhooks:write") && html`<a class="button primary" href="/console/create-webhook">Create a webhook</a>`;
	return html`<${Page} title="Webhooks" actions=${create} intro="Events are sent as signed messages, each by itself, or as an export of the whole chain in its order.">
		<${Table} label="Webhooks" columns=${COLUMNS} rows=${data?.webhooks} id=${(/** @type {any} */ w) => w.id} loading=${loading} problem=${problem} onRetry=${reload} expected=${3}
			empty=${html`<${Empty} title="No webhooks yet">Whoever wants to know at once that a key was revoked, leaked or used up gets it from here.<//>`} />
	<//>`;
}
