// SPDX-License-Identifier: Apache-2.0

// Keys from elsewhere, by their hashes: first a dry run, then the import. The file stays in the browser but for the slice
// that is sent.

import { html, useEffect, useRef, useState } from "../view.js";
import { useGuard } from "../router.js";
import { Page } from "../layout.js";
import { Button, Field, Notice, ProblemNotice, Table } from "../ui.js";
import { begin, importFile, KEPT } from "./importrun.js";
import { KeyspaceField, keyspaceOf, useKeyspaces } from "../parts/keyspacefield.js";
import { counted } from "./policywords.js";
import { save } from "./download.js";

/** @typedef {{dryRun: boolean, state: "running" | "stopped" | "done", progress: import("./importrun.js").Progress, problem?: any}} Run */

export default function Import() {
	const { names } = useKeyspaces();
	const [keyspace, setKeyspace] = useState("");
	const [file, setFile] = useState(/** @type {File | null} */ (null));
	const [run, setRun] = useState(/** @type {Run | null} */ (null));
	const abort = useRef(/** @type {AbortController | null} */ (null));
	const chosen = keyspace || keyspaceOf(names);
	const running = run?.state === "running";
	useGuard(running && "The import is under way. What was sent so far stays; it can be sent again from the start, and what is there is skipped.");
	useEffect(() => () => abort.current?.abort(), []);
	const start = async (/** @type {boolean} */ dryRun, /** @type {import("./importrun.js").Progress} */ progress) => {
		if (!file) return;
		const mine = new AbortController();
		abort.current = mine;
		setRun({ dryRun, state: "running", progress });
		const tell = (/** @type {any} */ p) => {
			progress = p;
			if (!mine.signal.aborted) setRun({ dryRun, state: "running", progress });
		};
		try {
			await importFile(file, { keyspace: chosen, dryRun, progress, signal: mine.signal, tell });
			setRun({ dryRun, state: mine.signal.aborted ? "stopped" : "done", progress });
		} catch (problem) {
			setRun({ dryRun, state: "stopped", progress, problem: mine.signal.aborted ? undefined : problem });
		}
	};
	const choose = (/** @type {any} */ change) => {
		change();
		setRun(null);
	};
	const tried = run?.state === "done" && run.dryRun;
	return html`<${Page} title="Import" intro="Keys that were issued elsewhere go on working: their hashes are enough. A bad line stops nothing and leaves nothing; what is there already is skipped.">
		<fieldset class="fields narrow" disabled=${running}>
			<${KeyspaceField} names=${names} value=${chosen} onChange=${(/** @type {string} */ name) => choose(() => setKeyspace(name))} />
			<${Field} label="File" hint="A table (.csv) whose first row names its columns, or a JSON object a line.">
				${(/** @type {any} */ a) => html`<input ...${a} type="file" accept=".csv,.ndjson,.jsonl,.json,text/csv" onChange=${(/** @type {any} */ e) => choose(() => setFile(e.target.files[0] ?? null))} />`}
			<//>
		</fieldset>
		<div class="actions">
			<${Button} kind=${tried ? "" : "primary"} disabled=${!file || running} onClick=${() => start(true, begin())}>Try it: dry run<//>
			<${Button} kind=${tried ? "primary" : ""} disabled=${!tried || running || run?.progress.accepted === 0} onClick=${() => start(false, begin())}>Import${tried ? ` ${counted(run.progress.accepted, "key")}` : ""}<//>
			${running && html`<${Button} onClick=${() => abort.current?.abort()}>Stop<//>`}
			${run?.state === "stopped" && html`<${Button} kind="primary" onClick=${() => start(run.dryRun, run.progress)}>Go on<//>`}
		</div>
		${run && file && html`<${Shown} run=${run} file=${file} />`}
		<p class="hint">For a file that another system wrote, the command line gives columns other names on the way: <code>keywright import FILE --map COLUMN=FIELD</code>.</p>
	<//>`;
}

/** @param {{run: Run, file: File}} props */
function Shown({ run, file }) {
	const { progress: p, dryRun, state } = run;
	const [would, title] = dryRun ? ["would be ", "The dry run"] : ["", "The import"];
	const kind = state === "done" && p.refused === 0 ? "good" : state === "running" ? undefined : "warn";
	return html`<section class="section">
		<progress value=${p.done} max=${file.size || 1} aria-label=${title} />
		<div role="status"><${Notice} kind=${kind} title=${`${title} ${{ running: "is under way", stopped: "was stopped", done: "is at its end" }[state]}`}>
			<p>${counted(p.lines, "line")}: ${p.accepted.toLocaleString("en")} ${would}accepted · ${p.skipped.toLocaleString("en")} ${dryRun ? "are" : "were"} there already · ${p.refused.toLocaleString("en")} ${would}refused</p>
			${dryRun && state === "done" && html`<p>Nothing was changed. A key that names a parent in an earlier part of the file can be refused here and accepted in the import.</p>`}
		<//></div>
		<${ProblemNotice} problem=${run.problem} />
		${p.problems.length > 0 && html`<${Refused} progress=${p} name=${file.name} />`}
	</section>`;
}

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Line", head: true, class: "number", cell: (row) => row.line },
	{ title: "Field", cell: (row) => html`<code>${row.problem.field ?? ""}</code>` },
	{ title: "What is wrong", cell: (row) => row.problem.detail },
	{ title: "What would do", cell: (row) => row.problem.hint ?? "" },
];
const SHOWN = 100;

/** @param {{progress: import("./importrun.js").Progress, name: string}} props */
function Refused({ progress, name }) {
	const download = () => save(`${name}.refused.csv`, "text/csv", ["line,field,problem,hint\n", ...progress.problems.map(({ line, problem }) =>
		[line, problem.field, problem.detail, problem.hint].map(cell).join(",") + "\n")]);
	return html`
		<div class="section-head"><h2>Lines that were refused</h2><${Button} small onClick=${download}>Download the list<//></div>
		<${Table} label="Lines that were refused" columns=${COLUMNS} rows=${progress.problems.slice(0, SHOWN)} id=${(/** @type {any} */ row) => row.line} />
		${progress.refused > SHOWN && html`<p class="hint">The first ${SHOWN} are shown${progress.refused > KEPT ? `; the list has the first ${KEPT}` : "; the list has all"}.</p>`}`;
}

/** A cell of a table that no spreadsheet takes for a formula. @param {unknown} value */
function cell(value) {
	const text = String(value ?? "");
	return `"${(/^[=+\-@\t]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
}
