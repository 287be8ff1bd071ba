// SPDX-License-Identifier: Apache-2.0

// Issues a key within what its keyspace allows. The key is shown once.

import { html, useState } from "../view.js";
import { useAct } from "../load.js";
import { go, useQuery } from "../router.js";
import { Page } from "../layout.js";
import { Button, Choice, Field, FormProblem } from "../ui.js";
import { KeyspaceField, keyspaceOf, useKeyspaces } from "../parts/keyspacefield.js";
import { emptyDraft, metadataProblem, requestOf } from "../parts/draft.js";
import { FIELDS, RecordFields } from "../parts/recordfields.js";
import { Issued, useOnce } from "../parts/issuing.js";
import { creditsOf, CreditsFields } from "../parts/credits.js";

const OWN = ["keyspace", "format", "environment", "credits", "bound_owner", "keyspaces", "decoy"];

export default function Issue() {
	const query = useQuery();
	const { names, keyspaces } = useKeyspaces({ reserved: true });
	const [name, setName] = useState("");
	const keyspace = name || query.keyspace || keyspaceOf(names);
	const space = keyspaces.find((s) => s.name === keyspace);
	const [draft, setDraft] = useState(emptyDraft);
	const [kind, setKind] = useState({ format: "", environment: "" });
	const [credits, setCredits] = useState(/** @type {any} */ (null));
	const [service, setService] = useState({ keyspaces: "", bound_owner: "" });
	const [planted, setPlanted] = useState(/** @type {string | null} */ (query.decoy ? "" : null)); // null: no decoy
	const [issued, setIssued] = useState(/** @type {any} */ (null));
	const once = useOnce();
	const act = useAct(async () => {
		const body = { keyspace, ...(kind.format && { format: kind.format }), ...(kind.environment && { environment: kind.environment }), ...requestOf(draft), ...(credits && { credits: creditsOf(credits) }), ...serviceOf(keyspace, service), ...(planted !== null && keyspace !== "keywright" && { decoy: { planted: planted.trim() } }) };
		setIssued(await once("/v1/keys", body));
	});
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		if (!metadataProblem(draft.metadata)) act.run();
	};
	if (issued) {
		const done = () => {
			const { id } = issued.record;
			setIssued(null);
			go("/console/keys/" + id, { force: true });
		};
		return html`<${Page} title="Issue a key" key="issued"><${Issued} issued=${issued} onDone=${done} done="Go to the key" /><//>`;
	}
	const { problem } = act;
	return html`<${Page} title="Issue a key" key="form">
		<form class="stack form" onSubmit=${submit} autocomplete="off" novalidate=${false}>
			<section class="section panel"><h2>Which kind</h2><div class="fields">
				<${KeyspaceField} names=${names} value=${keyspace} onChange=${(/** @type {string} */ n) => (setName(n), setKind({ format: "", environment: "" }))} problem=${problem} />
				<${Kind} space=${space} kind=${kind} setKind=${setKind} problem=${problem} />
			</div></section>
			<${RecordFields} draft=${draft} set=${(/** @type {any} */ change) => setDraft((/** @type {any} */ d) => ({ ...d, ...change }))} space=${space} keyspace=${keyspace} problem=${problem}>
				${keyspace === "keywright" && html`<${Service} value=${service} set=${setService} problem=${problem} />`}
			<//>
			<section class="section panel"><h2>Credits</h2>
				<${Choice} label="Keep a balance that verifications spend from" checked=${credits !== null} onChange=${(/** @type {any} */ e) => setCredits(e.target.checked ? { remaining: "1000", refill: "none", amount: "1000", every: "24h", day: "1" } : null)} />
				${credits && html`<${CreditsFields} value=${credits} onChange=${setCredits} problem=${problem} />`}
			</section>
			${keyspace !== "keywright" && html`<${DecoyFields} planted=${planted} set=${setPlanted} problem=${problem} />`}
			<${FormProblem} problem=${problem} fields=${[...FIELDS, ...OWN]} title="The key was not issued" />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${act.busy} disabled=${!keyspace}>Issue the key<//></div>
		</form>
	<//>`;
}

/** @param {{planted: string | null, set: (planted: string | null) => void, problem: any}} props */
function DecoyFields({ planted, set, problem }) {
	return html`<section class="section panel"><h2>Decoy</h2>
		<${Choice} label="Make it a decoy" hint="It looks real and opens nothing. Every use of it leaves an event that says where it was planted." checked=${planted !== null} onChange=${(/** @type {any} */ e) => set(e.target.checked ? "" : null)} />
		${planted !== null && html`<${Field} label="Planted where" name="decoy" problem=${problem} hint="For those who are woken by it, such as: the old wiki, page Deployment.">
			${(/** @type {any} */ a) => html`<input ...${a} dir="auto" required maxlength="200" value=${planted} onInput=${(/** @type {any} */ e) => set(e.target.value)} autocomplete="off" />`}
		<//>`}
	</section>`;
}

/** @param {string} keyspace @param {{keyspaces: string, bound_owner: string}} s */
function serviceOf(keyspace, s) {
	if (keyspace !== "keywright") return {};
	const names = s.keyspaces.split(/[\s,]+/).filter(Boolean);
	return { ...(names.length && { keyspaces: names }), ...(s.bound_owner && { bound_owner: s.bound_owner }) };
}

/** @param {any} props */
function Kind({ space, kind, setKind, problem }) {
	const formats = (space?.formats ?? []).map((/** @type {any} */ f) => f.name);
	const standard = space?.policy?.default_format || formats[0];
	const select = (/** @type {"format" | "environment"} */ name, /** @type {string} */ label, /** @type {string[]} */ options, /** @type {string} */ first) => html`<${Field} label=${label} name=${name} problem=${problem}>
		${(/** @type {any} */ a) => html`<select ...${a} value=${kind[name] || first} onChange=${(/** @type {any} */ e) => setKind({ ...kind, [name]: e.target.value })}>
			${options.map((o) => html`<option key=${o} value=${o} selected=${o === (kind[name] || first)}>${o}</option>`)}
		</select>`}
	<//>`;
	return html`${formats.length > 1 && select("format", "Format", formats, standard)}
		${space?.environments?.length > 0 && select("environment", "Environment", space.environments, space.environments[0])}`;
}

/** @param {any} props */
function Service({ value, set, problem }) {
	const text = (/** @type {"keyspaces" | "bound_owner"} */ name, /** @type {string} */ label, /** @type {string} */ hint) => html`<${Field} label=${label} hint=${hint} optional name=${name} problem=${problem}>
		${(/** @type {any} */ a) => html`<input ...${a} value=${value[name]} dir="auto" onInput=${(/** @type {any} */ e) => set({ ...value, [name]: e.target.value })} />`}
	<//>`;
	return html`<section class="section panel"><h2>Service key</h2><p class="hint">A key of this keyspace manages keys. Give it only what it needs.</p><div class="fields">
		${text("keyspaces", "Keyspaces", "Those it may act on, with spaces between; all where it is empty.")}
		${text("bound_owner", "Bound to the owner", "It may act on keys of this owner only.")}
	</div></section>`;
}
