// SPDX-License-Identifier: Apache-2.0

// One owner: its limits, its credits, and what changed them.

import { html, useState } from "../view.js";
import { del, get, send } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Button, Confirm, Fact, Facts, FormProblem, Notice, ProblemNotice, Waiting } from "../ui.js";
import { LimitRows } from "./limitrows.js";
import { limitFields, limitOf } from "./policyform.js";
import { limitWords, refillWords } from "./policywords.js";
import { Ledger } from "./ownerledger.js";
import { ChangeCredits } from "./ownercredits.js";

/** @param {{keyspace: string, id: string}} props */
export default function OwnerPage({ keyspace, id }) {
	const path = `/v1/owners/${encodeURIComponent(id)}`;
	const query = { keyspace };
	const [turn, setTurn] = useState(0);
	const { data, problem, reload } = useLoad((signal) => get(path, { query, signal }).catch((p) => {
		if (p.status === 404) return { id, keyspace, none: true };
		throw p;
	}), [path, keyspace]);
	const again = () => {
		reload();
		setTurn((/** @type {number} */ n) => n + 1);
	};
	useLive((change) => change.events.some((e) => e.verb.startsWith("owner.")) && again());
	const keys = html`<a class="button" href=${`/console/keys?keyspace=${encodeURIComponent(keyspace)}&owner=${encodeURIComponent(id)}`}>Its keys</a>`;
	return html`<${Page} title=${`Owner ${id}`} label=${html`Owner <bdi>${id}</bdi>`} actions=${keys}>
		<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>
		${!data && !problem && html`<${Waiting} />`}
		${data && html`<${Parts} owner=${data} path=${path} query=${query} reload=${again} />
			${data.credits && html`<${Ledger} path=${path} query=${query} turn=${turn} />`}`}
	<//>`;
}

/** @param {{owner: any, path: string, query: any, reload: () => void}} props */
function Parts({ owner, path, query, reload }) {
	const may = grants(useStore(session)?.scopes, "owners:write");
	const [open, setOpen] = useState("");
	const close = () => {
		setOpen("");
		reload();
	};
	return html`
		${owner.none && html`<${Notice}>This owner has neither limits nor credits of its own: those of the keyspace hold.<//>`}
		<section class="panel"><${Facts}>
			<${Fact} label="Keyspace"><a href=${`/console/keyspaces/${encodeURIComponent(owner.keyspace)}`}>${owner.keyspace}</a><//>
			<${Fact} label="Credits left">${owner.credits ? owner.credits.remaining?.toLocaleString("en") ?? "not known" : "not counted"}<//>
			${owner.credits && html`<${Fact} label="Filled up">${refillWords(owner.credits.refill)}${owner.credits.next_refill_at && html`; next on ${owner.credits.next_refill_at.slice(0, 10)}`}<//>`}
			<${Fact} label="Limits">${owner.limits ? owner.limits.map((/** @type {any} */ l) => html`<div key=${l.name}>${limitWords(l)}</div>`) : "those of the keyspace"}<//>
		<//></section>
		${may && html`<div class="actions">
			<${Button} onClick=${() => setOpen("credits")}>${owner.credits ? "Change the credits" : "Begin to count credits"}<//>
			${!owner.none && html`<${Button} kind="danger" onClick=${() => setOpen("delete")}>Forget limits and credits<//>`}
		</div>
		<${Limits} key=${owner.version} owner=${owner} path=${path} query=${query} onSaved=${reload} />`}
		${open === "credits" && html`<${ChangeCredits} owner=${owner} path=${path} query=${query} onClose=${close} />`}
		${open === "delete" && html`<${Confirm} title="Forget its limits and credits?" verb="Forget" danger type=${owner.id} act=${() => del(path, { query })} onClose=${close}>
			<p>The keys of this owner stay. Its balance is gone for good, and the limits of the keyspace hold for it.</p><//>`}`;
}

/** @param {{owner: any, path: string, query: any, onSaved: () => void}} props */
function Limits({ owner, path, query, onSaved }) {
	const start = { limits: (owner.limits ?? []).map(limitFields) };
	const [values, setValues] = useState(start);
	const save = useAct(async () => {
		const limits = values.limits.map(limitOf);
		await send("PUT", path, { query, body: { limits: limits.length > 0 ? limits : null } });
		onSaved();
	});
	const changed = JSON.stringify(values) !== JSON.stringify(start);
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		save.run();
	};
	return html`<form class="panel section" onSubmit=${submit} autocomplete="off">
		<h2>Limits that its keys share</h2>
		<${LimitRows} form=${{ values, problem: save.problem, set: (/** @type {any} */ c) => setValues({ ...values, ...c }) }} name="limits" none="None of its own: those of the keyspace for owners hold." />
		<${FormProblem} problem=${save.problem} fields=${["limits"]} />
		<div class="actions"><${Button} kind="primary" type="submit" busy=${save.busy} disabled=${!changed}>Save the limits<//><${Button} disabled=${!changed} onClick=${() => setValues(start)}>Discard<//></div>
	</form>`;
}
