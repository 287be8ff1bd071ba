// SPDX-License-Identifier: Apache-2.0

// The balance of a key: what is left, how it is changed, and what changed it.

import { html, useRef, useState } from "../view.js";
import { get, newIdempotencyKey, post } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { Button, Fact, Facts, Field, FormProblem, Pager, Table, Time } from "../ui.js";
import { number } from "../parts/limits.js";

const ACTS = [["add", "Add"], ["take", "Take"], ["set", "Set to"]];

/** @param {{record: any, may: (scope: string) => boolean, onChange: () => void}} props */
export function Credits({ record, may, onChange }) {
	if (!record.credits) return null;
	const { remaining, refill, next_refill_at: next } = record.credits;
	return html`<section class="panel section" aria-label="Credits"><h2>Credits</h2>
		<${Facts}>
			<${Fact} label="Left"><b class="figure">${remaining === undefined ? "could not be read" : remaining.toLocaleString("en")}</b><//>
			<${Fact} label="Filled up">${refill ? `${refill.mode === "reset" ? "set to" : "by"} ${refill.amount.toLocaleString("en")} ${refill.every ? "every " + refill.every : "on day " + refill.day + " of each month"}` : "by hand only"}<//>
			${next && html`<${Fact} label="Next time"><${Time} at=${next} /><//>`}
		<//>
		${may("keys:write") && record.state !== "revoked" && html`<${Change} record=${record} onChange=${onChange} />`}
		<${Ledger} record=${record} />
	</section>`;
}

/** @param {{record: any, onChange: () => void}} props */
function Change({ record, onChange }) {
	const [verb, setVerb] = useState("add");
	const [amount, setAmount] = useState("");
	const once = useRef({ text: "", key: "" });
	const act = useAct(async () => {
		const body = { [verb]: number(amount) };
		const text = JSON.stringify(body);
		if (once.current.text !== text) once.current = { text, key: newIdempotencyKey() };
		await post(`/v1/keys/${record.id}/credits`, body, { headers: { "Idempotency-Key": once.current.key } });
		once.current = { text: "", key: "" };
		setAmount("");
		onChange();
	});
	return html`<form class="filters" aria-label="Change the balance" onSubmit=${(/** @type {Event} */ e) => (e.preventDefault(), act.run())}>
		<${Field} label="Act">${(/** @type {any} */ a) => html`<select ...${a} value=${verb} onChange=${(/** @type {any} */ e) => setVerb(e.target.value)}>${ACTS.map(([v, text]) => html`<option key=${v} value=${v} selected=${v === verb}>${text}</option>`)}</select>`}<//>
		<${Field} label="Amount" name=${["set", "add", "take"]} problem=${act.problem}>${(/** @type {any} */ a) => html`<input ...${a} class="mono" inputmode="numeric" required pattern="\\d+" value=${amount} onInput=${(/** @type {any} */ e) => setAmount(e.target.value)} autocomplete="off" />`}<//>
		<${Button} type="submit" busy=${act.busy}>${ACTS.find(([v]) => v === verb)?.[1]} credits<//>
		<${FormProblem} problem=${act.problem} fields=${["set", "add", "take"]} />
	</form>`;
}

/** @param {{record: any}} props */
function Ledger({ record }) {
	const [cursor, setCursor] = useState("");
	const { data, problem, loading, reload } = useLoad((signal) => get(`/v1/keys/${record.id}/ledger`, { signal, query: { cursor, limit: 10 } }), [record.id, record, cursor]);
	return html`<${Table} label="Ledger" rows=${data?.entries} loading=${loading} problem=${problem} onRetry=${reload} expected=${3} id=${(/** @type {any} */ e) => e.sequence} empty=${html`<p class="hint">Nothing has changed it yet.</p>`} columns=${[
		{ title: "When", head: true, class: "nowrap", cell: (e) => html`<${Time} at=${e.time} />` },
		{ title: "What", cell: (e) => e.kind + (e.count > 1 ? ` (${e.count.toLocaleString("en")} times)` : "") },
		{ title: "By", class: "number", cell: (e) => (e.amount > 0 ? "+" : "") + e.amount.toLocaleString("en") },
		{ title: "Left", class: "number", cell: (e) => e.remaining.toLocaleString("en") },
	]} />
	${(cursor || data?.next_cursor) && html`<${Pager} cursor=${cursor} next=${data?.next_cursor} busy=${loading} onGo=${setCursor} />`}`;
}
