// SPDX-License-Identifier: Apache-2.0

// How a leaked key was used since it was seen: by hour, by network, by path.

import { html, useMemo, useState } from "../view.js";
import { Button, Empty, Notice, Table, Time } from "../ui.js";
import { plain } from "../parts/names.js";
import { Chart, DAY, HOUR, SeriesTable, tally } from "../key/series.js";

const HOURLY = 7 * DAY; // longer than that a column is a day

/** @param {{uses: any}} props */
export function LeakUses({ uses }) {
	const [table, setTable] = useState(false);
	const since = Date.parse(uses.since);
	const step = Date.now() - since <= HOURLY ? HOUR : DAY;
	const series = useMemo(() => tally(uses.hours, step, since), [uses, step]);
	const totals = series.codes.map((code, i) => `${code} ${series.values[i].reduce((a, b) => a + b, 0).toLocaleString("en")}`);
	return html`<section class="panel section" aria-label="Uses since it was seen">
		<div class="section-head"><h2>Uses since it was seen</h2>${series.codes.length > 0 && html`<${Button} small aria-pressed=${table} onClick=${() => setTable(!table)}>As a table<//>`}</div>
		${series.codes.length === 0 ? html`<${Empty} title="It was not used since it was seen" />` : html`
			<p class="hint">${totals.join(" · ")}</p>
			${table ? html`<${SeriesTable} series=${series} step=${step} />` : html`<${Chart} series=${series} />`}
			<p class="hint">Verifications are counted by whole hours: those of the first one may be from before.</p>`}
		${!uses.complete && (series.codes.length > 0 || uses.networks.length > 0) && html`<${Notice} title="Networks and paths are not all that there were"><p>They are counted from the report on and not from the time when the key was seen, and only the most used are kept. The hours above are complete.</p><//>`}
		<div class="columns">
			<div class="stack tight"><h3>By network</h3><${Table} label="Uses by network" rows=${uses.networks} id=${(/** @type {any} */ n) => n.network} columns=${NETWORKS} empty=${html`<${Empty} title="No network was told with a use" />`} /></div>
			<div class="stack tight"><h3>By path</h3><${Table} label="Uses by path" rows=${uses.paths} id=${(/** @type {any} */ p) => p.path} columns=${PATHS} empty=${html`<${Empty} title="No path was told with a use" />`} /></div>
		</div>
	</section>`;
}

/** @type {import("../ui/table.js").Column[]} */
const NETWORKS = [
	{ title: "Network", head: true, cell: (n) => html`<span class="mono nowrap">${n.network}</span>` },
	{ title: "Uses", class: "number", cell: (n) => n.count.toLocaleString("en") },
	{ title: "Last", class: "nowrap", cell: (n) => html`<${Time} at=${n.last_at} />` },
];

/** @type {import("../ui/table.js").Column[]} */
const PATHS = [
	{ title: "Path", head: true, cell: (p) => html`<bdi class="mono break">${plain(p.path)}</bdi>` },
	{ title: "Uses", class: "number", cell: (p) => p.count.toLocaleString("en") },
];
