// SPDX-License-Identifier: Apache-2.0

// Draws a chart. Loaded when there is something to draw, for its library is larger than all else.

import uPlot from "/console/vendor/uplot.js";

let styled = false;

/** The style sheet of the library, once. */
function style() {
	if (styled) return;
	styled = true;
	const link = document.createElement("link");
	link.rel = "stylesheet";
	link.href = "/console/vendor/uplot.css";
	document.head.append(link);
}

/** @type {Record<string, string>} */
const COLOURS = { VALID: "--accent", RATE_LIMITED: "--warn", CREDITS_EXHAUSTED: "--warn", REVOKED: "--faint", EXPIRED: "--faint", DISABLED: "--faint" };

/**
 * Draws stacked columns into an element; returns what takes them away.
 * @param {HTMLElement} place
 * @param {{codes: string[], times: number[], values: number[][]}} series
 */
export function draw(place, series) {
	style();
	/** @type {any} */
	let chart;
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const make = () => {
		chart?.destroy();
		const colour = paint(place);
		chart = new uPlot(options(place, series, colour), [series.times.map((t) => t / 1000), ...stack(series.values)], place);
	};
	make();
	const sized = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 220 }));
	sized.observe(place);
	dark.addEventListener("change", make);
	return () => {
		sized.disconnect();
		dark.removeEventListener("change", make);
		chart.destroy();
	};
}

/** Colours as they are now. A canvas does not know light-dark(): an element is asked. @param {HTMLElement} place */
function paint(place) {
	const probe = document.createElement("span");
	place.append(probe);
	/** @type {Record<string, string>} */
	const found = {};
	for (const name of ["--good", "--warn", "--bad", "--accent", "--faint", "--line"]) {
		probe.style.color = `var(${name})`;
		found[name] = getComputedStyle(probe).color;
	}
	probe.remove();
	return found;
}

/** Sums from the last series on, so that the first stands on all others. @param {number[][]} values */
const stack = (values) => values.map((_, i) => values[0].map((_, x) => values.slice(i).reduce((sum, v) => sum + v[x], 0)));

/** A place on the axis of time, in UTC: days by date, hours by the clock. @param {number} seconds */
function when(seconds) {
	const text = new Date(seconds * 1000).toISOString();
	return seconds % 86400 === 0 ? text.slice(5, 10) : text.slice(11, 16);
}

/** @param {HTMLElement} place @param {{codes: string[], times: number[], values: number[][]}} series @param {Record<string, string>} colour */
function options(place, series, colour) {
	const axis = { stroke: colour["--faint"], grid: { stroke: colour["--line"], width: 1 }, ticks: { show: false }, font: "12px system-ui" };
	const half = ((series.times[1] ?? series.times[0] + 3600000) - series.times[0]) / 2000; // of a column, in seconds
	return {
		width: place.clientWidth,
		height: 220,
		tzDate: (/** @type {number} */ t) => uPlot.tzDate(new Date(t * 1000), "UTC"),
		cursor: { y: false, drag: { x: false, y: false } },
		scales: { x: { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => [low - half, high + half] }, y: { range: (/** @type {any} */ _, /** @type {number} */ _low, /** @type {number} */ high) => [0, Math.max(4, high * 1.05)] } },
		axes: [{ ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(when) }, { ...axis, size: 56 }],
		series: [
			{ label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
			...series.codes.map((code, i) => ({
				label: code,
				stroke: colour[COLOURS[code] ?? "--bad"],
				fill: colour[COLOURS[code] ?? "--bad"],
				width: 0, // a column of nothing has no line
				paths: uPlot.paths.bars?.({ size: [0.8, 40] }),
				points: { show: false },
				value: (/** @type {any} */ _, /** @type {any} */ _v, /** @type {any} */ _s, /** @type {number | null} */ at) => (at === null ? "" : series.values[i][at].toLocaleString("en")),
			})),
		],
	};
}
