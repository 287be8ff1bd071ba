// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Empty, ProblemNotice } from "./notice.js";
import { Button } from "./button.js";

/**
 * @typedef {{title: any, name?: string, cell: (row: any) => any, head?: boolean, class?: string}} Column
 * head: its cell names the row.
 */

/**
 * A table. While it loads, its rows stay, or empty ones hold their place.
 * @param {{label: string, columns: Column[], rows?: any[], id?: (row: any) => string, loading?: boolean, problem?: any, onRetry?: () => void, empty?: any, expected?: number}} props
 */
export function Table({ label, columns, rows, id, loading, problem, onRetry, empty, expected = 5 }) {
	const waiting = loading && !rows;
	return html`
		<${ProblemNotice} problem=${problem}>${onRetry && html`<${Button} small onClick=${onRetry}>Try again<//>`}<//>
		${(rows?.length || waiting) && html`<div class="scroll" tabindex="0" role="region" aria-label=${label + ", table"} aria-busy=${loading ? "true" : "false"}>
			<table class=${loading ? "loading" : ""}>
				<thead><tr>${columns.map((c) => html`<th scope="col" class=${c.class}>${c.title}</th>`)}</tr></thead>
				<tbody>${waiting ? blanks(columns, expected) : rows?.map((row, i) => html`<tr key=${id ? id(row) : i}>
					${columns.map((c) => (c.head ? html`<th scope="row" class=${c.class}>${c.cell(row)}</th>` : html`<td class=${c.class}>${c.cell(row)}</td>`))}
				</tr>`)}</tbody>
			</table>
		</div>`}
		${rows && !rows.length && !problem && html`<div class="panel">${empty ?? html`<${Empty} title="Nothing here" />`}</div>`}`;
}

/** @param {Column[]} columns @param {number} count */
const blanks = (columns, count) => Array.from({ length: count }, (_, i) => html`<tr key=${i} aria-hidden="true">${columns.map(() => html`<td><span class="blank"></span></td>`)}</tr>`);
