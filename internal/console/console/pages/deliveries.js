// SPDX-License-Identifier: Apache-2.0

// Deliveries that a webhook did not take at the first attempt: to be sent again, or dropped.

import { html, useState } from "../view.js";
import { get, post } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { Badge, Button, Confirm, Empty, Field, Pager, ProblemNotice, Table, Time } from "../ui.js";
import { Target } from "./event.js";
import { counted } from "./policywords.js";

/** @param {{path: string, turn: number, may: boolean, reload: () => void}} props turn: changes when they are to be loaded again */
export function Deliveries({ path, turn, may, reload }) {
	const [state, setState] = useState("");
	const [cursor, setCursor] = useState("");
	const [chosen, setChosen] = useState(/** @type {number[]} */ ([]));
	const { data, problem, loading } = useLoad((signal) => get(path + "/deliveries", { query: { state, cursor, limit: 50 }, signal }), [path, state, cursor, turn]);
	const rows = data?.deliveries;
	const here = chosen.filter((n) => rows?.some((/** @type {any} */ d) => d.sequence === n));
	const toggle = (/** @type {number} */ n) => setChosen(chosen.includes(n) ? chosen.filter((c) => c !== n) : [...chosen, n]);
	/** @type {import("../ui/table.js").Column[]} */
	const columns = [
		...(may ? [{ title: html`<span class="visually-hidden">Choose</span>`, cell: (/** @type {any} */ d) => html`<input type="checkbox" aria-label=${`Choose event ${d.sequence}`} checked=${chosen.includes(d.sequence)} onChange=${() => toggle(d.sequence)} />` }] : []),
		{ title: "Event", head: true, cell: (d) => html`${d.sequence} <code>${d.verb}</code>` },
		{ title: "To", cell: (d) => html`<${Target} id=${d.target} />` },
		{ title: "State", cell: (d) => html`<${Badge} kind=${d.state === "dead" ? "bad" : "warn"}>${d.state === "dead" ? "given up" : "tried again"}<//>` },
		{ title: "Attempts", class: "number", cell: (d) => d.attempts },
		{ title: "Next", class: "nowrap", cell: (d) => html`<${Time} at=${d.next_at} none="none" />` },
		{ title: "What went wrong", cell: (d) => html`<bdi>${d.problem}</bdi>` },
	];
	return html`<section class="section">
		<div class="section-head"><h2>Deliveries that failed</h2>
			<${Field} label=${html`<span class="visually-hidden">Which deliveries</span>`}>${(/** @type {any} */ a) => html`<select ...${a} value=${state} onChange=${(/** @type {any} */ e) => {
				setState(e.target.value);
				setCursor("");
			}}><option value="">All</option><option value="pending">Tried again</option><option value="dead">Given up</option></select>`}<//>
		</div>
		${may && rows?.length > 0 && html`<${Acts} path=${path} chosen=${here} onDone=${() => {
			setChosen([]);
			reload();
		}} />`}
		<${Table} label="Deliveries" columns=${columns} rows=${rows} id=${(/** @type {any} */ d) => d.sequence} loading=${loading} problem=${problem} onRetry=${reload} expected=${2}
			empty=${html`<${Empty} title="None: all was taken at the first attempt" />`} />
		${(cursor || data?.next_cursor) && html`<${Pager} cursor=${cursor} next=${data?.next_cursor} busy=${loading} onGo=${setCursor} />`}
	</section>`;
}

/** @param {{path: string, chosen: number[], onDone: () => void}} props */
function Acts({ path, chosen, onDone }) {
	const [dropping, setDropping] = useState(false);
	const [said, setSaid] = useState("");
	const replay = useAct(async (/** @type {any} */ what) => {
		const { count } = await post(path + "/replay", what);
		setSaid(`${counted(count, "delivery").replace(/ys$/, "ies")} will be sent again now.`);
		onDone();
	});
	const drop = async () => {
		const { count } = await post(path + "/drop", { sequences: chosen });
		setSaid(`${counted(count, "delivery").replace(/ys$/, "ies")} dropped.`);
		onDone();
	};
	return html`<div class="stack">
		<div class="actions">
			<${Button} small disabled=${chosen.length === 0} busy=${replay.busy} onClick=${() => replay.run({ sequences: chosen })}>Send again${chosen.length > 0 ? ` (${chosen.length})` : ""}<//>
			<${Button} small disabled=${chosen.length === 0} onClick=${() => setDropping(true)}>Drop${chosen.length > 0 ? ` (${chosen.length})` : ""}<//>
			<${Button} small busy=${replay.busy} onClick=${() => replay.run({ dead: true })}>Send all that were given up again<//>
			<span class="hint" role="status">${said}</span>
		</div>
		<${ProblemNotice} problem=${replay.problem} />
		${dropping && html`<${Confirm} title="Drop these deliveries?" verb="Drop" danger act=${drop} onClose=${() => setDropping(false)}>
			<p>They are not sent to this webhook any more. The events stay in the audit chain.</p><//>`}
	</div>`;
}
