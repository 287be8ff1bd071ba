// SPDX-License-Identifier: Apache-2.0

// The nodes that judge keys over one store: what each runs, how far it is, and whether its lease runs.

import { html, useEffect, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { attended } from "../attended.js";
import { Page } from "../layout.js";
import { Badge, Button, Empty, Fact, Facts, Notice, Table, Time } from "../ui.js";
import { plain } from "../parts/names.js";
import { olderWords } from "../leak/words.js";
import { counted, durationWords } from "./policywords.js";

const EVERY = 2000;

/** @type {Record<string, ["good" | "warn" | "bad", string]>} */
const STATES = { ready: ["good", ""], behind: ["warn", "has not confirmed the newest events yet"], lost: ["bad", "judges nothing until it renews its lease; no revoke waits for it"] };

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Node", head: true, cell: (n) => html`<bdi class="nowrap" title=${n.id}>${plain(n.name || n.id)}</bdi>${n.this && html` <${Badge}>answers you<//>`}<div class="hint mono">${n.address || n.id}</div>` },
	{ title: "State", class: "state-cell", cell: (n) => html`<${Badge} kind=${STATES[n.state]?.[0]}>${n.state}<//>${STATES[n.state]?.[1] && html`<div class="hint">${STATES[n.state][1]}</div>`}` },
	{ title: "Version", class: "nowrap", cell: (n) => n.version || html`<span class="faint">from source</span>` },
	{ title: "Behind by", class: "number", cell: (n) => (n.lag ? counted(n.lag, "event") : html`<span class="faint">nothing</span>`) },
	{ title: "Lease", class: "nowrap", cell: (n) => (!n.lease_until ? html`<span class="faint">none needed</span>` : n.state === "lost" ? html`ended <${Time} at=${n.lease_until} />` : html`<span title=${n.lease_until}>runs</span>`) },
	{ title: "Heard of", class: "nowrap", cell: (n) => html`<${Time} at=${n.seen_at} />` },
	{ title: "Started", class: "nowrap", cell: (n) => html`<${Time} at=${n.started_at} />` },
];

export default function Nodes() {
	const [follow, setFollow] = useState(true);
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/nodes", { signal }), []);
	useEffect(() => {
		if (!follow || problem?.status === 404) return undefined;
		const timer = setInterval(() => attended() && reload(), EVERY);
		return () => clearInterval(timer);
	}, [follow, problem?.status]);
	const nodes = data?.nodes;
	return html`<${Page} title="Nodes" actions=${html`<${Button} aria-pressed=${follow} onClick=${() => setFollow(!follow)}>Follow<//><${Button} busy=${loading && !follow && Boolean(data)} onClick=${reload}>Look again<//>`}
		intro="Every node judges keys by itself, from a table that follows the store. A revoke waits until each of them has confirmed it, or until its lease has run out.">
		${nodes && html`<${Says} nodes=${nodes} />
			<section class="panel" aria-label="The store"><${Facts}>
				<${Fact} label="Nodes">${nodes.length}<//>
				<${Fact} label="Last event of the store">${data.sequence.toLocaleString("en")}<//>
				<${Fact} label="Length of a lease">${data.lease ? durationWords(data.lease) : html`<span class="faint">none: one node holds the store</span>`}<//>
			<//></section>`}
		<${Table} label="Nodes" columns=${COLUMNS} rows=${nodes} id=${(/** @type {any} */ n) => n.id} loading=${loading && !data} problem=${olderWords(problem, "nodes", "/v1/nodes")} onRetry=${reload} expected=${2}
			empty=${html`<${Empty} title="No node is known" />`} />
	<//>`;
}

/** What wants to be looked at. @param {{nodes: any[]}} props */
function Says({ nodes }) {
	const lost = nodes.filter((n) => n.state === "lost").length;
	const versions = new Set(nodes.filter((n) => n.state !== "lost").map((n) => n.version)).size;
	return html`<div role="status" class="stack">
		${lost > 0 && html`<${Notice} kind="bad" title=${`${counted(lost, "node")} did not renew the lease`}><p>It judges nothing until it does. Look whether it runs and reaches the store.</p><//>`}
		${versions > 1 && html`<${Notice} kind="warn" title=${`${versions} versions run side by side`}><p>As they do during a rolling upgrade, until the last node is restarted.</p><//>`}
		${nodes.length === 1 && html`<${Notice} title="One node"><p>It holds the store alone: what it confirms is true everywhere at once.</p><//>`}
	</div>`;
}
