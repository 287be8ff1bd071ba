// SPDX-License-Identifier: Apache-2.0

// Rotation as a guided walk: choose the grace, store the new key, watch who still uses the old one, end it.

import { html, useEffect, useState } from "../view.js";
import { get } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { Page } from "../layout.js";
import { Button, Choice, FormProblem, Notice, ProblemNotice, Time, Waiting } from "../ui.js";
import { inGrace, nameOf } from "../parts/names.js";
import { GraceField, graceOf } from "../parts/grace.js";
import { Issued, useOnce } from "../parts/issuing.js";
import { useKeyspaces } from "../parts/keyspacefield.js";
import { attended } from "../attended.js";
import { EndGrace, Secrets } from "../key/secrets.js";

const EVERY = 3000;

/** @param {{id: string}} props */
export default function Rotate({ id }) {
	const { data: record, problem, reload, setData } = useLoad((signal) => get("/v1/keys/" + encodeURIComponent(id), { signal }), [id]);
	const [made, setMade] = useState(/** @type {any} */ (null));
	const [again, setAgain] = useState(false);
	const [clash, setClash] = useState(/** @type {any} */ (null));
	const watching = record && inGrace(record).length > 0;
	useEffect(() => {
		if (!watching) return undefined;
		const timer = setInterval(() => attended() && reload(), EVERY);
		return () => clearInterval(timer);
	}, [watching]);
	if (!record) return html`<${Page} title="Rotate">${problem ? html`<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>` : html`<${Waiting} />`}<//>`;
	const step = made ? 2 : watching && !again ? 3 : 1;
	return html`<${Page} title=${"Rotate " + nameOf(record)} actions=${html`<a class="button" href=${"/console/keys/" + id}>To the key</a>`}>
		<ol class="steps" aria-label="Steps">${["Choose the grace", "Store the new key", "Watch the old one, and end it"].map((text, i) => html`<li key=${text} aria-current=${step === i + 1 ? "step" : undefined}>${text}</li>`)}</ol>
		${step === 1 && html`<${Choose} record=${record} forced=${again} onMade=${(/** @type {any} */ m) => (setMade(m), setAgain(false), setClash(null), setData(m.record))} onClash=${(/** @type {any} */ p) => (setClash(p), setAgain(false), reload())} />`}
		${step === 3 && html`<${ProblemNotice} problem=${clash} title="It was not rotated"><p>Somebody rotated it a moment ago, in another tab perhaps. What they made is below, and so is the way to end its grace or to rotate again.</p><//>`}
		${step === 2 && html`<${Issued} issued=${made} label="The new key" done="Stored: go on" onDone=${() => (setMade(null), reload())} />`}
		${step === 3 && html`<${Watch} record=${record} onChange=${(/** @type {any} */ r) => (setClash(null), setData(r))} onAgain=${() => (setAgain(true), setClash(null))} />`}
		<${ProblemNotice} problem=${problem} />
		${step !== 2 && html`<${Secrets} record=${record} may=${() => false} onChange=${setData} />`}
	<//>`;
}

/** @param {{record: any, forced: boolean, onMade: (made: any) => void, onClash: (problem: any) => void}} props */
function Choose({ record, forced, onMade, onClash }) {
	const { keyspaces } = useKeyspaces({ reserved: true });
	const rotation = keyspaces.find((s) => s.name === record.keyspace)?.policy?.rotation;
	const [grace, setGrace] = useState({ kind: "default" });
	const [force, setForce] = useState(false);
	const once = useOnce();
	const act = useAct(async () => {
		try {
			onMade(await once(`/v1/keys/${record.id}/rotate`, { grace: graceOf(grace), ...(force && { force: true }) }));
		} catch (problem) {
			if (/** @type {any} */ (problem).code === "conflict") onClash(problem);
			throw problem;
		}
	});
	return html`<form class="panel stack form" onSubmit=${(/** @type {Event} */ e) => (e.preventDefault(), act.run())}>
		<p class="sentence">The key gets a new secret. Its id, name, scopes, limits, credits and history stay. What used the old one must be given the new one before the grace ends.</p>
		<${GraceField} value=${grace} onChange=${setGrace} problem=${act.problem} standard=${rotation?.grace ? `${rotation.grace}${rotation.idle ? `, earlier once it was not used for ${rotation.idle}` : ""}` : ""} />
		${(forced || act.problem?.code === "conflict") && html`<${Choice} label="Even while an earlier grace runs" hint="Then both old secrets verify until their ends, unless this one ends them now." checked=${force} onChange=${(/** @type {any} */ e) => setForce(e.target.checked)} />`}
		<${FormProblem} problem=${act.problem} fields=${["grace"]} title="It was not rotated" />
		<div class="actions"><${Button} kind="primary" type="submit" busy=${act.busy}>Rotate<//><a class="button" href=${"/console/keys/" + record.id}>Cancel</a></div>
	</form>`;
}

/** @param {{record: any, onChange: (r: any) => void, onAgain: () => void}} props */
function Watch({ record, onChange, onAgain }) {
	return html`<section class="panel section" aria-label="The old secret"><h2>Who still uses the old secret</h2>
		<div class="section" role="status">${inGrace(record).map((/** @type {any} */ s) => {
			const since = record.secrets[0].created_at;
			const used = s.last_used_at && s.last_used_at > since;
			return html`<${Notice} key=${s.public_id + s.created_at} kind=${used ? "warn" : "good"} title=${used ? "Still used since the rotation" : "Not used since the rotation"}>
				<p><code>${s.public_id || "the old secret"}</code> was last used <${Time} at=${s.last_used_at} exact />${s.last_used_from && html` from <code>${s.last_used_from}</code>`}. It ends <${Time} at=${s.expires_at} exact />${s.idle && `, or once it was not used for ${s.idle}`}.</p>
			<//>`;
		})}</div>
		<p class="hint">Looked at every few seconds while you are here. When it is not used any more, end the grace; if it has leaked, end it now with force.</p>
		<div class="actions"><${EndGrace} primary record=${record} onChange=${onChange} /><${Button} onClick=${onAgain}>Rotate again…<//></div>
	</section>`;
}
