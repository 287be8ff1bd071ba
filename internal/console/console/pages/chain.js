// SPDX-License-Identifier: Apache-2.0

// Whether the audit chain is whole, and its checkpoints: signed places, of which a copy elsewhere shows what was cut off.

import { html, useEffect, useRef, useState } from "../view.js";
import { get, post } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Badge, Button, Empty, Fact, Facts, Field, Notice, ProblemNotice, Table, Time } from "../ui.js";
import { save } from "./download.js";
import { counted } from "./policywords.js";

export default function Chain() {
	return html`<${Page} title="Audit chain" intro="Each event holds the hash of the one before. To walk the chain is to compute them all again." actions=${html`<a class="button" href="/console/audit">Events</a>`}>
		<${Walk} />
		<${Checkpoints} />
	<//>`;
}

function Walk() {
	const [report, setReport] = useState(/** @type {any} */ (null));
	const [kept, setKept] = useState(/** @type {any[]} */ ([]));
	const [unread, setUnread] = useState("");
	const abort = useRef(/** @type {AbortController | null} */ (null));
	const walk = useAct(async () => {
		setReport(null);
		abort.current = new AbortController();
		const { signal } = abort.current;
		try {
			setReport(await (kept.length > 0 ? post("/v1/events/verify", { checkpoints: kept }, { signal }) : get("/v1/events/verify", { signal })));
		} catch (problem) {
			if (!signal.aborted) throw problem;
		}
	});
	useEffect(() => () => abort.current?.abort(), []);
	const choose = async (/** @type {any} */ event) => {
		setUnread("");
		setKept([]);
		const file = event.target.files[0];
		if (!file) return;
		try {
			setKept(checkpointsOf(await file.text()));
		} catch {
			setUnread("this file holds no checkpoints: choose one that was downloaded here, or that keywright audit checkpoint printed as JSON");
		}
	};
	return html`<section class="panel section">
		<h2>Is it whole?</h2>
		<${Field} label="Checkpoints that were kept elsewhere" optional error=${unread} hint="With them it is seen too whether the chain was cut off before one, or replaced." class="limited">
			${(/** @type {any} */ a) => html`<input ...${a} type="file" accept=".json,.ndjson,application/json" onChange=${choose} />`}
		<//>
		<div class="actions">
			<${Button} kind="primary" busy=${walk.busy} onClick=${walk.run}>${kept.length > 0 ? `Walk the chain past ${counted(kept.length, "checkpoint")}` : "Walk the chain"}<//>
			${walk.busy && html`<${Button} onClick=${() => abort.current?.abort()}>Stop<//>`}
		</div>
		<${ProblemNotice} problem=${walk.problem} />
		<div role="status">${walk.busy && html`<${Walking} />`}${report && html`<${Report} of=${report} />`}</div>
	</section>`;
}

/**
 * checkpointsOf reads one checkpoint, a list, an answer with a list, or one a line.
 * @param {string} text
 */
function checkpointsOf(text) {
	const parse = () => {
		try {
			return JSON.parse(text);
		} catch {
			return text.split("\n").filter((line) => line.trim()).map((line) => JSON.parse(line));
		}
	};
	const read = parse();
	const list = [read.checkpoints ?? read].flat();
	if (list.length === 0 || !list.every((c) => c?.signature && c?.hash && c?.sequence)) throw new Error("no checkpoints");
	return list;
}

function Walking() {
	const [seconds, setSeconds] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => setSeconds((/** @type {number} */ s) => s + 1), 1000);
		return () => clearInterval(timer);
	}, []);
	return html`<p class="waiting"><progress aria-label="Walking the chain" /> Walking the chain, event by event. <span aria-hidden="true">${seconds > 0 && counted(seconds, "second")}</span></p>`;
}

/** @param {{of: any}} props */
function Report({ of: r }) {
	const facts = html`<${Facts}>
		<${Fact} label="Events that hold">${r.from ? `${(r.from + 1).toLocaleString("en")} to ` : "1 to "}${r.events.toLocaleString("en")}<//>
		<${Fact} label="Checkpoints that hold">${r.checkpoints}${r.unproven ? html` <${Badge} kind="warn">${r.unproven} by a signer that nothing proves<//>` : ""}<//>
		<${Fact} label="Hash of the last"><code class="break">${r.head}</code><//>
	<//>`;
	if (r.whole) {
		return html`<${Notice} kind="good" title="The chain is whole">
			<p>Every event is as it was written, and none is missing between them.${r.from ? " The events before were pruned at a checkpoint." : ""}</p>${facts}<//>`;
	}
	return html`<${Notice} kind="bad" title=${`The chain breaks at event ${r.broken.sequence}`}>
		<p>${r.broken.problem}. Somebody changed the store behind the server's back, or it is damaged: compare it with a backup before anything else.</p>${facts}<//>`;
}

function Checkpoints() {
	const scopes = useStore(session)?.scopes;
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/audit/checkpoints", { signal }), []);
	const [made, setMade] = useState(0);
	const sign = useAct(async () => {
		const checkpoint = await post("/v1/audit/checkpoints", {});
		setMade(checkpoint.sequence);
		reload();
	});
	useLive((change) => change.events.some((e) => e.verb === "audit.checkpoint" || e.verb === "audit.prune") && reload());
	const rows = data?.checkpoints.toReversed();
	/** @type {import("../ui/table.js").Column[]} */
	const columns = [
		{ title: "Up to event", head: true, cell: (c) => html`${c.sequence}${c.pruned && html` <${Badge}>pruned up to here<//>`}` },
		{ title: "Signed", class: "nowrap", cell: (c) => html`<${Time} at=${c.time} />` },
		{ title: "Hash of that event", cell: (c) => html`<code class="break">${c.hash}</code>` },
		{ title: "Signer", cell: (c) => html`<code class="break">${c.signer}</code>` },
		{ title: html`<span class="visually-hidden">Copy of it</span>`, cell: (c) => html`<${Button} small aria-label=${`Download checkpoint ${c.sequence}`} onClick=${() => save(`checkpoint-${c.sequence}.json`, "application/json", [JSON.stringify(c, null, "\t") + "\n"])}>Download<//>` },
	];
	return html`<section class="section">
		<div class="section-head"><h2>Checkpoints</h2>${grants(scopes, "audit:write") && html`<${Button} small busy=${sign.busy} onClick=${sign.run}>Sign a checkpoint<//>`}</div>
		<p class="hint">Keep a copy elsewhere: it shows when the chain is cut off before it, or replaced as a whole.</p>
		<${ProblemNotice} problem=${sign.problem} />
		<div role="status">${made > 0 && html`<${Notice} kind="good">Signed: all events up to ${made}. Download it, and keep it on another machine.<//>`}</div>
		<${Table} label="Checkpoints" columns=${columns} rows=${rows} id=${(/** @type {any} */ c) => c.sequence} loading=${loading} problem=${problem} onRetry=${reload} expected=${1}
			empty=${html`<${Empty} title="No checkpoints yet" />`} />
	</section>`;
}
