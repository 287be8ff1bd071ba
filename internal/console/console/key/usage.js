// SPDX-License-Identifier: Apache-2.0

// How often a key was verified: a chart, and the same as a table.

import { html, useEffect, useMemo, useRef, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { Button, Empty, ProblemNotice, Table } from "../ui.js";
import { Pick } from "../parts/filters.js";

const SPANS = [["1", "24 hours"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];
const HOUR = 3600000;

/** @param {{record: any}} props */
export function Usage({ record }) {
	const [span, setSpan] = useState("7");
	const [table, setTable] = useState(false);
	const days = Number(span);
	const { data, problem, reload } = useLoad((signal) => get("/v1/usage", { signal, query: { keyspace: record.keyspace, key: record.id, since: new Date(Date.now() - days * 24 * HOUR).toISOString() } }), [record.id, span]);
	const step = days <= 7 ? HOUR : 24 * HOUR;
	const series = useMemo(() => data && tally(data, step, days), [data, step, days]);
	return html`<section class="panel section" aria-label="Usage">
		<div class="section-head"><h2>Usage</h2><div class="filters compact">
			<${Pick} label="Of the last" value=${span} onChange=${(/** @type {any} */ e) => setSpan(e.target.value)} options=${SPANS} />
			<${Button} aria-pressed=${table} onClick=${() => setTable(!table)}>As a table<//>
		</div></div>
		<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>
		${series && (series.codes.length ? html`
			<p class="hint">${series.codes.map((code) => `${code} ${(data.totals[code] ?? 0).toLocaleString("en")}`).join(" · ")}</p>
			${table ? html`<${UsageTable} series=${series} step=${step} />` : html`<${Chart} series=${series} />`}` : html`<${Empty} title=${`Not verified in the last ${SPANS.find(([v]) => v === span)?.[1]}`} />`)}
	</section>`;
}

/**
 * Counts by step and code, with a zero where nothing happened.
 * @param {any} report @param {number} step @param {number} days
 */
function tally(report, step, days) {
	const codes = Object.keys(report.totals).filter((c) => report.totals[c]).sort((a, b) => Number(b === "VALID") - Number(a === "VALID") || a.localeCompare(b));
	const last = Math.floor(Date.now() / step) * step;
	const count = Math.ceil((days * 24 * HOUR) / step);
	const times = Array.from({ length: count + 1 }, (_, i) => last - (count - i) * step);
	const values = codes.map(() => times.map(() => 0));
	for (const h of report.hours) {
		const at = Math.round((Math.floor(Date.parse(h.hour) / step) * step - times[0]) / step);
		if (values[codes.indexOf(h.code)]?.[at] !== undefined) values[codes.indexOf(h.code)][at] += h.count;
	}
	return { codes, times, values };
}

/** @param {{series: any, step: number}} props */
function UsageTable({ series, step }) {
	const rows = series.times.map((/** @type {number} */ at, /** @type {number} */ i) => ({ at, counts: series.values.map((/** @type {number[]} */ v) => v[i]) })).filter((/** @type {any} */ r) => r.counts.some(Boolean)).reverse();
	const text = (/** @type {number} */ at) => new Date(at).toISOString().slice(0, step === HOUR ? 16 : 10).replace("T", " ");
	return html`<div class="tall"><${Table} label="Verifications by code" rows=${rows} id=${(/** @type {any} */ r) => r.at} columns=${[
		{ title: step === HOUR ? "Hour (UTC)" : "Day (UTC)", head: true, class: "nowrap", cell: (/** @type {any} */ r) => text(r.at) },
		...series.codes.map((/** @type {string} */ code, /** @type {number} */ i) => ({ title: code, class: "number", cell: (/** @type {any} */ r) => r.counts[i].toLocaleString("en") })),
	]} /></div>`;
}

/** @param {{series: any}} props */
function Chart({ series }) {
	const place = useRef(/** @type {HTMLElement | null} */ (null));
	const [failed, setFailed] = useState(false);
	useEffect(() => {
		let gone = false;
		let end = () => {};
		import("./chart.js").then(({ draw }) => {
			if (!gone && place.current) end = draw(place.current, series);
		}, () => setFailed(true));
		return () => {
			gone = true;
			end();
		};
	}, [series]);
	if (failed) return html`<p class="hint">The chart could not be loaded. The table shows the same.</p>`;
	return html`<div class="chart" ref=${place} role="img" aria-label="Verifications over time, by code. The table shows the same."></div>`;
}
