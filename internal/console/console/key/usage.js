// SPDX-License-Identifier: Apache-2.0

// How often a key was verified: a chart, and the same as a table.

import { html, useMemo, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { Button, Empty, ProblemNotice } from "../ui.js";
import { Pick } from "../parts/filters.js";
import { Chart, DAY, HOUR, SeriesTable, tally } from "./series.js";

const SPANS = [["1", "24 hours"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];

/** @param {{record: any}} props */
export function Usage({ record }) {
	const [span, setSpan] = useState("7");
	const [table, setTable] = useState(false);
	const days = Number(span);
	const { data, problem, reload } = useLoad((signal) => get("/v1/usage", { signal, query: { keyspace: record.keyspace, key: record.id, since: new Date(Date.now() - days * DAY).toISOString() } }), [record.id, span]);
	const step = days <= 7 ? HOUR : DAY;
	const series = useMemo(() => data && tally(data.hours, step, Date.now() - days * DAY), [data, step, days]);
	return html`<section class="panel section" aria-label="Usage">
		<div class="section-head"><h2>Usage</h2><div class="filters compact">
			<${Pick} label="Of the last" value=${span} onChange=${(/** @type {any} */ e) => setSpan(e.target.value)} options=${SPANS} />
			<${Button} aria-pressed=${table} onClick=${() => setTable(!table)}>As a table<//>
		</div></div>
		<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>
		${series && (series.codes.length ? html`
			<p class="hint">${series.codes.map((code) => `${code} ${(data.totals[code] ?? 0).toLocaleString("en")}`).join(" · ")}</p>
			${table ? html`<${SeriesTable} series=${series} step=${step} />` : html`<${Chart} series=${series} />`}` : html`<${Empty} title=${`Not verified in the last ${SPANS.find(([v]) => v === span)?.[1]}`} />`)}
	</section>`;
}
