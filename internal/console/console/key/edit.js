// SPDX-License-Identifier: Apache-2.0

// Changes a key. Only what was changed is sent; what somebody else changed meanwhile is told first.

import { html, useMemo, useState } from "../view.js";
import { get, patch } from "../api.js";
import { useAct } from "../load.js";
import { Button, Dialog, FormProblem, Notice } from "../ui.js";
import { useKeyspaces } from "../parts/keyspacefield.js";
import { changesOf, draftOf, metadataProblem } from "../parts/draft.js";
import { FIELDS, RecordFields } from "../parts/recordfields.js";

/** @param {{record: any, onClose: () => void, onSaved: (r: any) => void}} props */
export function EditDialog({ record, onClose, onSaved }) {
	const { keyspaces } = useKeyspaces({ reserved: true });
	const [base, setBase] = useState(record);
	const [draft, setDraft] = useState(() => draftOf(record));
	const [clash, setClash] = useState(/** @type {null | {theirs: any, fields: string[]}} */ (null));
	const changes = useMemo(() => (metadataProblem(draft.metadata) ? null : changesOf(draftOf(base), draft)), [base, draft]);
	const save = useAct(async (/** @type {boolean} */ anyway) => {
		const theirs = await get("/v1/keys/" + record.id);
		const fields = Object.keys(changesOf(draftOf(base), draftOf(theirs)));
		if (!anyway && fields.length) {
			setClash({ theirs, fields });
			return;
		}
		onSaved(Object.keys(changes ?? {}).length ? await patch("/v1/keys/" + record.id, changes) : theirs);
		onClose();
	});
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		if (changes) save.run(false);
	};
	/** Takes what the other changed, and keeps what was typed here in all other fields. */
	const merge = () => {
		const { theirs } = /** @type {any} */ (clash);
		const before = draftOf(base);
		const now = draftOf(theirs);
		const mine = Object.fromEntries(Object.entries(draft).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(/** @type {any} */ (before)[name]) && JSON.stringify(/** @type {any} */ (now)[name]) === JSON.stringify(/** @type {any} */ (before)[name])));
		setBase(theirs);
		setDraft({ ...now, ...mine });
		setClash(null);
	};
	const set = (/** @type {any} */ change) => setDraft((/** @type {any} */ d) => ({ ...d, ...change }));
	return html`<${Dialog} wide title="Edit the key" onClose=${onClose}>
		<form class="stack" onSubmit=${submit} autocomplete="off">
			<${RecordFields} edit draft=${draft} set=${set} space=${keyspaces.find((s) => s.name === record.keyspace)} keyspace=${record.keyspace} problem=${save.problem} />
			<${FormProblem} problem=${save.problem} fields=${FIELDS} title="It was not saved" />
			<div role="alert">${clash && html`<${Notice} kind="warn" title="Somebody else changed this key while you edited">
				<p>They changed: ${clash.fields.map(words).join(", ")}. ${both(clash.fields, changes).length ? `You changed ${both(clash.fields, changes).map(words).join(", ")} too.` : "You changed other things, so both fit together."} Nothing that you typed is lost.</p>
				<div class="actions"><${Button} small onClick=${merge}>Show theirs, keep the rest of mine<//><${Button} small busy=${save.busy} onClick=${() => save.run(true)}>Save mine over it<//></div>
			<//>`}</div>
			<div class="actions stick"><${Button} kind="primary" type="submit" busy=${save.busy} disabled=${!changes || !Object.keys(changes).length}>Save<//><${Button} onClick=${onClose}>Cancel<//>
				<span class="hint">${changes && Object.keys(changes).length ? "Changes " + Object.keys(changes).map(words).join(", ") : "Nothing is changed"}</span></div>
		</form>
	<//>`;
}

/** @param {string[]} theirs @param {Record<string, unknown> | null} mine */
const both = (theirs, mine) => theirs.filter((name) => mine && name in mine);

/** @param {string} field */
const words = (field) => field.replaceAll("_", " ");
