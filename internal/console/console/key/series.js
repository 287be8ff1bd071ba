// SPDX-License-Identifier: Apache-2.0

// Verifications by hour and code: a chart, and the same as a table.

import { html, useEffect, useRef, useState } from "../view.js";
import { Table } from "../ui.js";

export const HOUR = 3600000;
export const DAY = 24 * HOUR;

/**
 * @typedef {{codes: string[], times: number[], values: number[][]}} Series of each code a count for each time
 */

/**
 * Counts by step and code, with a zero where nothing happened.
 * @param {{hour: string, code: string, count: number}[]} hours
 * @param {number} step of time, in milliseconds
 * @param {number} first where the series begins, in milliseconds since 1970
 * @returns {Series}
 */
export function tally(hours, step, first) {
	const codes = [...new Set(hours.filter((h) => h.count).map((h) => h.code))].sort((a, b) => Number(b === "VALID") - Number(a === "VALID") || a.localeCompare(b));
	const from = Math.floor(first / step) * step;
	const last = Math.floor(Date.now() / step) * step;
	const times = Array.from({ length: Math.max(1, (last - from) / step + 1) }, (_, i) => from + i * step);
	const values = codes.map(() => times.map(() => 0));
	for (const h of hours) {
		const at = Math.floor((Date.parse(h.hour) - from) / step);
		if (values[codes.indexOf(h.code)]?.[at] !== undefined) values[codes.indexOf(h.code)][at] += h.count;
	}
	return { codes, times, values };
}

/** @param {{series: Series, step: number}} props */
export function SeriesTable({ series, step }) {
	const rows = series.times.map((at, i) => ({ at, counts: series.values.map((v) => v[i]) })).filter((r) => r.counts.some(Boolean)).reverse();
	const text = (/** @type {number} */ at) => new Date(at).toISOString().slice(0, step === HOUR ? 16 : 10).replace("T", " ");
	return html`<div class="tall"><${Table} label="Verifications by code" rows=${rows} id=${(/** @type {any} */ r) => r.at} columns=${[
		{ title: step === HOUR ? "Hour (UTC)" : "Day (UTC)", head: true, class: "nowrap", cell: (/** @type {any} */ r) => text(r.at) },
		...series.codes.map((code, i) => ({ title: code, class: "number", cell: (/** @type {any} */ r) => r.counts[i].toLocaleString("en") })),
	]} /></div>`;
}

/** @param {{series: Series}} props */
export function Chart({ series }) {
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
