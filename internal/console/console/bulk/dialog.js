// SPDX-License-Identifier: Apache-2.0

// One act on every key that a filter chooses: first told which keys it would be, then confirmed in words, then done.

import { html, useState } from "../view.js";
import { lines, newIdempotencyKey, send } from "../api.js";
import { useAct } from "../load.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { useGuard } from "../router.js";
import { Button, Dialog, Field, Notice, ProblemNotice, SecretBox, Table } from "../ui.js";
import { nameOf, Owner } from "../parts/names.js";
import { GraceField, graceOf } from "../parts/grace.js";

/** @type {Record<string, {scope: string, done: string, says: string}>} */
const VERBS = {
	disable: { scope: "keys:write", done: "disabled", says: "Refused until they are enabled again." },
	enable: { scope: "keys:write", done: "enabled", says: "Disabled keys may be used again." },
	rotate: { scope: "keys:rotate", done: "rotated", says: "Each gets a new secret. You get all the new keys once, as a file." },
	revoke: { scope: "keys:revoke", done: "revoked", says: "Ended for good. This cannot be undone." },
};

/** @param {{filter: any, onClose: () => void, onDone: () => void}} props */
export function BulkDialog({ filter, onClose, onDone }) {
	const [verb, setVerb] = useState("disable");
	const [reason, setReason] = useState("");
	const [grace, setGrace] = useState({ kind: "default" });
	const [typed, setTyped] = useState("");
	const [dry, setDry] = useState(/** @type {any} */ (null));
	const [result, setResult] = useState(/** @type {any} */ (null));
	const running = useAct(async (/** @type {boolean} */ dryRun) => {
		const body = { filter, verb, dry_run: dryRun || undefined, reason: verb === "revoke" && reason ? reason : undefined, rotate: verb === "rotate" ? { grace: graceOf(grace) } : undefined };
		const response = await send("POST", "/v1/keys/bulk", { body, headers: { Accept: "application/x-ndjson", "Idempotency-Key": newIdempotencyKey() } });
		await collect(response, dryRun ? setDry : setResult);
		if (!dryRun) onDone();
	});
	const change = (/** @type {(v: any) => void} */ set) => (/** @type {any} */ value) => {
		setDry(null);
		setTyped("");
		set(value);
	};
	const allowed = Object.keys(VERBS).filter((name) => grants(session.value?.scopes, VERBS[name].scope));
	const told = dry?.end && !dry.end.problem;
	const phrase = dry ? `${verb} ${dry.rows.length} ${dry.rows.length === 1 ? "key" : "keys"}` : "";
	useGuard(running.busy && !dry?.end && "The keys are being changed.");
	return html`<${Dialog} wide title="Act on many keys" onClose=${() => !running.busy && !result?.keys?.length && onClose()}>
		<div class="stack">
			${result ? html`<${Result} result=${result} verb=${verb} busy=${running.busy} onClose=${onClose} />` : html`
				<${FilterWords} filter=${filter} />
				<div class="fields">
					<${Field} label="Act" hint=${VERBS[verb].says}>${(/** @type {any} */ a) => html`<select ...${a} value=${verb} onChange=${(/** @type {any} */ e) => change(setVerb)(e.target.value)}>
						${allowed.map((name) => html`<option key=${name} value=${name} selected=${name === verb}>${name}</option>`)}
					</select>`}<//>
					${verb === "revoke" && html`<${Field} label="Reason" optional hint="Kept with each key.">${(/** @type {any} */ a) => html`<input ...${a} value=${reason} maxlength="200" dir="auto" onInput=${(/** @type {any} */ e) => setReason(e.target.value)} />`}<//>`}
				</div>
				${verb === "rotate" && html`<${GraceField} value=${grace} onChange=${change(setGrace)} />`}
				${dry && html`<${Lines} rows=${dry.rows} label=${`Would be ${VERBS[verb].done}`} />`}
				${dry?.end?.problem && html`<${ProblemNotice} problem=${dry.end.problem} title="The dry run was cut off" />`}
				${told && html`<${Field} label=${html`${dry.rows.length} ${dry.rows.length === 1 ? "key" : "keys"} would be ${VERBS[verb].done}. Type <b class="mono">${phrase}</b> to do it`} hint="A key that begins to fit the filter in between is included.">
					${(/** @type {any} */ a) => html`<input ...${a} value=${typed} autocomplete="off" onInput=${(/** @type {any} */ e) => setTyped(e.target.value)} />`}
				<//>`}`}
			<${ProblemNotice} problem=${running.problem} title=${result ? "It was cut off: the lines say what was done" : ""} />
			${!result && html`<div class="actions">
				${told ? html`<${Button} kind="danger" disabled=${typed.trim() !== phrase} busy=${running.busy} onClick=${() => running.run(false)}>${phrase}<//>` : html`<${Button} kind="primary" busy=${running.busy} onClick=${() => running.run(true)}>Dry run<//>`}
				<${Button} onClick=${onClose}>Cancel<//>
			</div>`}
		</div>
	<//>`;
}

/** Reads the answer; shows what has come so far, now and then. @param {Response} response @param {(r: any) => void} show */
async function collect(response, show) {
	/** @type {{rows: any[], keys: any[], end: any}} */
	const got = { rows: [], keys: [], end: null };
	let shown = 0;
	try {
		await lines(response, (line) => {
			if (line.end) got.end = line.end;
			else {
				got.rows.push(line);
				if (line.key) got.keys.push(line);
			}
			if (Date.now() - shown > 300) {
				shown = Date.now();
				show({ ...got, end: null });
			}
		});
	} finally {
		show({ ...got });
	}
}

/** @param {{filter: any}} props */
function FilterWords({ filter }) {
	const { keyspace, all, ...rest } = filter;
	return html`<${Notice} kind=${all ? "warn" : undefined}>
		${all ? html`<b>Every</b> key of the keyspace <bdi class="mono">${keyspace}</bdi>: no filter is set.` : html`Keys of <bdi class="mono">${keyspace}</bdi> whose ${Object.entries(rest).map(([name, value], i) => html`${i > 0 && " and "}${WORDS[name] ?? name} <bdi class="mono">${value === true ? "" : String(value)}</bdi>`)}`}
	<//>`;
}

/** @type {Record<string, string>} */
const WORDS = { q: "name or owner has", owner: "owner is", state: "state is", due: "rotation is due", expires_before: "end is before" };

/** @param {{rows: any[], label: string}} props */
function Lines({ rows, label }) {
	const shown = rows.slice(0, 100);
	return html`<div class="bulk-lines">
		<${Table} label=${label} rows=${shown} id=${(/** @type {any} */ r) => r.id} columns=${[
			{ title: "Key", head: true, cell: (r) => html`<span class="name" dir="auto">${nameOf(r)}</span>` },
			{ title: "Owner", cell: (r) => html`<${Owner} of=${r.owner} />` },
			{ title: "State", cell: (r) => r.state },
			{ title: "Outcome", cell: (r) => (r.problem ? html`<span class="problem">${r.problem.detail}</span>` : r.done ? "done" : "") },
		]} />
		${rows.length > shown.length && html`<p class="hint">and ${rows.length - shown.length} more</p>`}
	</div>`;
}

/** @param {{result: any, verb: string, busy: boolean, onClose: () => void}} props */
function Result({ result, verb, busy, onClose }) {
	const { rows, end, keys } = result;
	const failed = rows.filter((/** @type {any} */ r) => r.problem);
	const csv = "key_id,name,key\n" + keys.map((/** @type {any} */ r) => [r.id, r.name ?? "", r.key].map(cell).join(",")).join("\n");
	return html`
		<${Notice} kind=${failed.length || end?.problem ? "warn" : "good"} title=${busy ? "Working…" : `${end?.done ?? rows.filter((/** @type {any} */ r) => r.done).length} of ${rows.length} keys ${VERBS[verb].done}`}>
			${failed.length > 0 && html`<p>${failed.length} could not be, and why is below.</p>`}
			${end?.problem && html`<p>It ended before all keys were looked at: ${end.problem.detail}.</p>`}
			${!busy && !end && html`<p>The answer was cut off. What the lines say was done, and perhaps one key more.</p>`}
		<//>
		<${Lines} rows=${failed.length ? failed : rows} label="What became of the keys" />
		${!busy && (keys.length ? html`<${SecretBox} label=${`${keys.length} new keys`} secret=${csv} file="keys.csv" onDone=${onClose} done="Close" />` : html`<div class="actions"><${Button} kind="primary" onClick=${onClose}>Close<//></div>`)}`;
}

/** A cell of CSV; what a spreadsheet would take for a formula gets an apostrophe. @param {string} text */
function cell(text) {
	const safe = /^[=+\-@\t\r']/.test(text) ? "'" + text : text;
	return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
