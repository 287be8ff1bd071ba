// SPDX-License-Identifier: Apache-2.0

// Formats and environments of a keyspace: formats are added and never changed, since keys once issued must verify for ever.

import { html, useState } from "../view.js";
import { patch } from "../api.js";
import { useAct } from "../load.js";
import { Badge, Button, Dialog, FormProblem, Table } from "../ui.js";
import { Lines } from "./inputs.js";
import { words } from "./policyform.js";
import { FormatFields, emptyFormat, exampleOf, formatOf } from "./formatfields.js";

/** @typedef {{keyspace: any, path: string, may: boolean, onChanged: (k: any) => void}} Props */

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Name", head: true, cell: (f) => html`${f.name}${f.publishable && html` <${Badge} kind="warn">publishable<//>`}` },
	{ title: "Preset", cell: (f) => f.preset || html`<span class="faint">own</span>` },
	{ title: "Looks like", cell: (f) => html`<span class="mono break">${exampleOf(f)}</span>` },
	{ title: "Checksum", cell: (f) => f.checksum },
	{ title: "Hash covers", cell: (f) => f.hash },
];

/** @param {Props} props */
export function Formats({ keyspace, path, may, onChanged }) {
	const [adding, setAdding] = useState(false);
	return html`<section class="section">
		<div class="section-head"><h2>Formats</h2>${may && html`<${Button} small onClick=${() => setAdding(true)}>Add a format<//>`}</div>
		<${Table} label="Formats" columns=${COLUMNS} rows=${keyspace.formats} id=${(/** @type {any} */ f) => f.name} />
		${adding && html`<${AddFormat} path=${path} onChanged=${onChanged} onClose=${() => setAdding(false)} />`}
	</section>`;
}

/** @param {{path: string, onChanged: (k: any) => void, onClose: () => void}} props */
function AddFormat({ path, onChanged, onClose }) {
	const [values, setValues] = useState(emptyFormat());
	const add = useAct(async () => onChanged(await patch(path, { formats: [formatOf(values)] })));
	const submit = async (/** @type {Event} */ event) => {
		event.preventDefault();
		if (await add.run()) onClose();
	};
	const form = { values, problem: add.problem, path: "formats[0].", set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }) };
	return html`<${Dialog} title="Add a format" onClose=${onClose} wide>
		<form class="stack" onSubmit=${submit} autocomplete="off">
			<p class="hint">It cannot be changed or taken away later: keys once issued must verify for ever.</p>
			<div class="fields"><${FormatFields} form=${form} /></div>
			<${FormProblem} problem=${add.problem} fields=${["formats[0].name", "formats[0].preset", "formats[0].prefix"]} />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${add.busy}>Add the format<//><${Button} onClick=${onClose}>Cancel<//></div>
		</form>
	<//>`;
}

/** @param {Props} props */
export function Environments({ keyspace, path, may, onChanged }) {
	const [changing, setChanging] = useState(false);
	return html`<section class="section">
		<div class="section-head"><h2>Environments</h2>${may && html`<${Button} small onClick=${() => setChanging(true)}>Change<//>`}</div>
		${keyspace.environments.length > 0 ? html`<ul class="chips">${keyspace.environments.map((/** @type {string} */ e) => html`<li key=${e}>${e}</li>`)}</ul>` : html`<p class="hint">None: the keys have no such segment.</p>`}
		${changing && html`<${ChangeEnvironments} keyspace=${keyspace} path=${path} onChanged=${onChanged} onClose=${() => setChanging(false)} />`}
	</section>`;
}

/** @param {{keyspace: any, path: string, onChanged: (k: any) => void, onClose: () => void}} props */
function ChangeEnvironments({ keyspace, path, onChanged, onClose }) {
	const [values, setValues] = useState({ environments: keyspace.environments.join("\n") });
	const change = useAct(async () => onChanged(await patch(path, { environments: words(values.environments) ?? [] })));
	const submit = async (/** @type {Event} */ event) => {
		event.preventDefault();
		if (await change.run()) onClose();
	};
	return html`<${Dialog} title="Environments" onClose=${onClose}>
		<form class="stack" onSubmit=${submit}>
			<${Lines} form=${{ values, problem: change.problem, set: setValues }} name="environments" label="Environments, one a line" hint="The first is the default of new keys. Keys of one that is taken away stay as they are." />
			<${FormProblem} problem=${change.problem} fields=${["environments"]} />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${change.busy}>Save<//><${Button} onClick=${onClose}>Cancel<//></div>
		</form>
	<//>`;
}
