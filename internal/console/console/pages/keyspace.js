// SPDX-License-Identifier: Apache-2.0

// One keyspace: how its keys are written, and its policy to be changed.

import { html, useEffect, useState } from "../view.js";
import { get, patch } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { useGuard } from "../router.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Button, Fact, Facts, Notice, ProblemNotice, Time, Waiting } from "../ui.js";
import { controlOf, fieldsOf, policyOf, twice } from "./policyform.js";
import { PolicySections } from "./policysections.js";
import { Environments, Formats } from "./keyspaceparts.js";
import { RESERVED } from "../parts/keyspacefield.js";

/** @param {{name: string}} props */
export default function KeyspacePage({ name }) {
	const path = `/v1/keyspaces/${encodeURIComponent(name)}`;
	const { data: keyspace, problem, reload, setData } = useLoad((signal) => get(path, { signal }), [name]);
	const links = html`<a class="button" href=${`/console/keys?keyspace=${encodeURIComponent(name)}`}>Its keys</a><a class="button" href=${`/console/audit?keyspace=${encodeURIComponent(name)}`}>Its events</a>`;
	useLive((change) => change.targets.has(name) && reload());
	return html`<${Page} title=${`Keyspace ${name}`} label=${html`Keyspace <bdi>${name}</bdi>`} actions=${keyspace && links}>
		<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>
		${!keyspace && !problem && html`<${Waiting} />`}
		${keyspace && html`<${Parts} keyspace=${keyspace} path=${path} onChanged=${setData} />`}
	<//>`;
}

/** @param {{keyspace: any, path: string, onChanged: (k: any) => void}} props */
function Parts({ keyspace, path, onChanged }) {
	const may = grants(useStore(session)?.scopes, "keyspaces:write") && keyspace.name !== RESERVED;
	return html`
		<section class="panel"><${Facts}>
			<${Fact} label="Made"><${Time} at=${keyspace.created_at} /><//>
			<${Fact} label="Changed"><${Time} at=${keyspace.updated_at} /> <span class="faint">version ${keyspace.version}</span><//>
		<//></section>
		<${Formats} keyspace=${keyspace} path=${path} may=${may} onChanged=${onChanged} />
		<${Environments} keyspace=${keyspace} path=${path} may=${may} onChanged=${onChanged} />
		${keyspace.name === RESERVED
			? html`<${Notice}>The keys of this keyspace are service keys: they may call this server. See <a href="/console/service-keys">service keys</a>.<//>`
			: html`<${PolicyForm} keyspace=${keyspace} path=${path} may=${may} onChanged=${onChanged} />`}`;
}

/** @param {{keyspace: any, path: string, may: boolean, onChanged: (k: any) => void}} props */
function PolicyForm({ keyspace, path, may, onChanged }) {
	const [base, setBase] = useState(keyspace);
	const [values, setValues] = useState(() => fieldsOf(keyspace.policy));
	const [saved, setSaved] = useState(false);
	const take = (/** @type {any} */ k) => {
		setBase(k);
		setValues(fieldsOf(k.policy));
	};
	const changed = JSON.stringify(policyOf(values)) !== JSON.stringify(policyOf(fieldsOf(base.policy)));
	const stale = keyspace.version !== base.version && JSON.stringify(keyspace.policy) !== JSON.stringify(base.policy);
	useEffect(() => {
		if (stale && !changed) take(keyspace);
	}, [keyspace]);
	const save = useAct(async () => {
		const now = await patch(path, { policy: policyOf(values) });
		take(now);
		onChanged(now);
		setSaved(true);
	});
	useGuard(changed && "The policy was changed and not saved.");
	const same = twice(values);
	const problem = save.problem?.field ? { ...save.problem, field: controlOf(save.problem.field, values) } : save.problem;
	const form = { values, problem, set: (/** @type {any} */ changes) => {
		setValues({ ...values, ...changes });
		setSaved(false);
	} };
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		if (same < 0) save.run();
	};
	return html`<form class="stack" onSubmit=${submit} autocomplete="off">
		<h2 class="part">Policy</h2>
		<fieldset disabled=${!may} class="stack"><${PolicySections} form=${form} keyspace=${keyspace} /></fieldset>
		${may && html`<div class=${changed ? "savebar" : "stack"} role="group" aria-label="Save the policy">
			${stale && changed && html`<${Notice} kind="warn" title="Somebody changed the policy meanwhile">
				<p>To save yours replaces theirs. <${Button} small onClick=${() => take(keyspace)}>Take theirs<//></p>
			<//>`}
			${same >= 0 && html`<p class="problem" role="alert">Two roles are called ${values.roles[same].name || "nothing"}: give each a name of its own.</p>`}
			<${ProblemNotice} problem=${save.problem} title="The policy was not saved" />
			<div class="actions">
				<${Button} kind="primary" type="submit" busy=${save.busy} disabled=${!changed || same >= 0}>Save the policy<//>
				<${Button} disabled=${!changed} onClick=${() => take(keyspace)}>Discard<//>
				<span role="status" class="hint">${saved && !changed ? "Saved. It holds from now on." : ""}${changed ? "Not saved yet" : ""}</span>
			</div>
		</div>`}
	</form>`;
}
