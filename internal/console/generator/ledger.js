// SPDX-License-Identifier: Apache-2.0

// The API Key Ledger: a row for each key, a button to copy each cell, and arrow keys to walk between them.

import { element, find } from "./dom.js";
import { keyText } from "./keytext.js";
import { COLUMNS } from "./rows.js";

/** @param {import("./batch.js").Batch} batch @param {boolean} shown whether secrets may be seen */
export function showLedger(batch, shown) {
	const head = element("tr", { role: "row" }, ...COLUMNS.map((c) => element("th", { scope: "col", role: "columnheader" }, c.title)),
		element("th", { scope: "col", role: "columnheader" }, "Row"));
	const body = element("tbody", { role: "rowgroup" });
	batch.keys.forEach((k, i) => body.append(line(k, i, shown)));
	if (batch.keys.length === 0) {
		body.append(element("tr", { role: "row" }, element("td", { colspan: COLUMNS.length + 1, role: "cell", class: "none" }, "No rows in the current key batch.")));
	}
	const table = element("table", { role: "table", class: "ledger" },
		element("caption", {}, element("span", { class: "visually-hidden" }, "API Key Ledger. "),
			batch.keys.length ? "Each value has a button that copies it. Arrow keys walk between them." : "Nothing to copy."),
		element("thead", { role: "rowgroup" }, head), body);
	find("ledger").replaceChildren(
		element("div", { class: "actions" },
			element("button", { type: "button", class: "small", "data-take": "table", disabled: batch.keys.length === 0 }, "Copy table"),
			element("button", { type: "button", class: "small", "data-take": "hashes", disabled: batch.keys.length === 0 }, "Copy all hashes")),
		element("div", { class: "scroll" }, table));
}

/** @param {import("./batch.js").MadeKey} k @param {number} i @param {boolean} shown */
function line(k, i, shown) {
	const row = element("tr", { role: "row" });
	COLUMNS.forEach((c, j) => {
		const value = c.cell(k);
		row.append(element("td", { role: "cell", class: c.wide ? "wide" : "short", "data-label": c.title }, element("div", { class: "cell" },
			c.secret ? keyText(k, shown) : element("span", { class: "mono" }, value),
			button(i, j, `Copy ${c.name} of key ${i + 1}`))));
	});
	row.append(element("td", { role: "cell", class: "whole", "data-label": "Whole row" }, button(i, COLUMNS.length, `Copy row ${i + 1}`)));
	return row;
}

/** One button of the table can be reached by the tabulator; arrows lead to the others. @param {number} i @param {number} j @param {string} label */
function button(i, j, label) {
	return element("button", { type: "button", class: "icon copy", "data-row": i, "data-column": j, "aria-label": label, title: label, tabindex: i + j === 0 ? 0 : -1 });
}

const STEPS = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] });

/** walk moves the focus between the buttons of the table. @param {KeyboardEvent} event */
export function walk(event) {
	const from = /** @type {HTMLElement} */ (event.target);
	const step = STEPS[event.key];
	if (!step || from.dataset.row === undefined) {
		return;
	}
	const [row, column] = [Number(from.dataset.row) + step[0], Number(from.dataset.column) + step[1]];
	const to = find("ledger").querySelector(`button[data-row="${row}"][data-column="${column}"]`);
	event.preventDefault();
	if (to instanceof HTMLElement) {
		from.tabIndex = -1;
		to.tabIndex = 0;
		to.focus();
	}
}
