// SPDX-License-Identifier: Apache-2.0

// The keyspaces, and what each asks of its keys in a few words.

import { html } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Empty, Table, Time } from "../ui.js";
import { policyWords } from "./policywords.js";
import { RESERVED } from "../parts/keyspacefield.js";

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Name", head: true, cell: (k) => html`<a href=${`/console/keyspaces/${encodeURIComponent(k.name)}`}>${k.name}</a>` },
	{ title: "Formats", cell: (k) => k.formats.map((/** @type {any} */ f) => html`<div class="nowrap">${f.name} <span class="faint">${f.preset || "own"}</span></div>`) },
	{ title: "Environments", cell: (k) => (k.environments.length > 0 ? k.environments.join(", ") : html`<span class="faint">none</span>`) },
	{ title: "Policy", class: "wide-cell", cell: (k) => (k.name === RESERVED ? html`<span class="faint">service keys, which may call this server</span>` : words(k.policy)) },
	{ title: "Changed", class: "nowrap", cell: (k) => html`<${Time} at=${k.updated_at} />` },
];

/** @param {any} policy */
function words(policy) {
	const said = policyWords(policy);
	return said.length > 0 ? said.join(" · ") : html`<span class="faint">anything may be issued</span>`;
}

export default function Keyspaces() {
	const scopes = useStore(session)?.scopes;
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/keyspaces", { signal }), []);
	useLive((change) => change.events.some((e) => e.verb.startsWith("keyspace.")) && reload());
	const create = grants(scopes, "keyspaces:write") && html`<a class="button primary" href="/console/create-keyspace">Create a keyspace</a>`;
	return html`<${Page} title="Keyspaces" actions=${create} intro="A keyspace is an API that keys are for: how its keys are written, its environments, and what may be issued.">
		<${Table} label="Keyspaces" columns=${COLUMNS} rows=${data?.keyspaces} id=${(/** @type {any} */ k) => k.name} loading=${loading} problem=${problem} onRetry=${reload}
			empty=${html`<${Empty} title="No keyspaces that this service key may see" />`} />
	<//>`;
}
