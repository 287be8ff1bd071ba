// SPDX-License-Identifier: Apache-2.0

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { Empty, Pager, Table, Time } from "../ui.js";
import { Target } from "./event.js";

/** @type {Record<string, string>} */
const KINDS = { set: "set by hand", add: "added by hand", take: "taken by hand", refill: "refilled", reset: "set by the refill", spend: "spent" };

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "When", class: "nowrap", cell: (e) => html`<${Time} at=${e.time} />` },
	{ title: "What", head: true, cell: (e) => `${KINDS[e.kind] ?? e.kind}${e.count ? ` by ${e.count.toLocaleString("en")} verifications within the hour` : ""}` },
	{ title: "Key", cell: (e) => e.key_id && html`<${Target} id=${e.key_id} />` },
	{ title: "Amount", class: "number", cell: (e) => (e.amount > 0 ? "+" : "") + e.amount.toLocaleString("en") },
	{ title: "Left", class: "number", cell: (e) => e.remaining.toLocaleString("en") },
];

/** What changed a balance. @param {{path: string, query: any, turn: number}} props */
export function Ledger({ path, query, turn }) {
	const [cursor, setCursor] = useState("");
	const { data, problem, loading, reload } = useLoad((signal) => get(path + "/ledger", { query: { ...query, cursor }, signal }), [path, cursor, turn]);
	return html`<section class="section">
		<h2>Ledger</h2>
		<${Table} label="Ledger" columns=${COLUMNS} rows=${data?.entries} id=${(/** @type {any} */ e) => e.sequence} loading=${loading} problem=${problem} onRetry=${reload} empty=${html`<${Empty} title="Nothing yet" />`} />
		${(cursor || data?.next_cursor) && html`<${Pager} cursor=${cursor} next=${data?.next_cursor} busy=${loading} onGo=${setCursor} />`}
	</section>`;
}
