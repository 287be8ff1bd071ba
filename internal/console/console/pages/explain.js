// SPDX-License-Identifier: Apache-2.0

// Why a key is accepted or refused: every check of a verification, without counting or spending anything. The key is taken
// out of its field when it is sent, and kept nowhere.

import { html, useRef, useState } from "../view.js";
import { post } from "../api.js";
import { useAct } from "../load.js";
import { useQuery } from "../router.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Badge, Button, Fact, Facts, Field, FormProblem, Notice, Time } from "../ui.js";
import { Lines, Select, Text } from "./inputs.js";
import { KeyspaceField, keyspaceOf, RESERVED, useKeyspaces } from "../parts/keyspacefield.js";
import { words } from "./policyform.js";
import { stepOf, UNKNOWN, verdictWords } from "./checkwords.js";

const FIELDS = ["key", "keyspace", "environment", "scopes", "method", "path", "client_ip", "origin", "cost"];
const EMPTY = { environment: "", scopes: "", method: "", path: "", client_ip: "", origin: "", cost: "" };

export default function Explain() {
	const { names, keyspaces } = useKeyspaces();
	const key = useRef(/** @type {HTMLInputElement | null} */ (null));
	const [values, setValues] = useState({ ...EMPTY, keyspace: "" });
	const [verdict, setVerdict] = useState(/** @type {any} */ (null));
	const result = useRef(/** @type {HTMLElement | null} */ (null));
	const told = useQuery().keyspace;
	const keyspace = values.keyspace || told || keyspaceOf(names);
	const environments = keyspaces.find((k) => k.name === keyspace)?.environments ?? [];
	const ask = useAct(async (/** @type {string} */ presented) => {
		setVerdict(null);
		setVerdict(await post("/v1/verify", {
			key: presented, keyspace, explain: true, dry_run: true, include: ["name", "limits"], environment: values.environment || undefined, scopes: words(values.scopes),
			method: values.method.trim() || undefined, path: values.path.trim() || undefined, client_ip: values.client_ip.trim() || undefined, origin: values.origin.trim() || undefined,
			cost: values.cost.trim() ? Number(values.cost) || 0 : undefined,
		}));
		result.current?.scrollIntoView({ block: "nearest" });
	});
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		const field = /** @type {HTMLInputElement} */ (key.current);
		const presented = field.value.trim();
		field.value = "";
		if (presented) ask.run(presented);
		else field.focus();
	};
	const form = { values, problem: ask.problem, set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }) };
	return html`<${Page} title="Explain" intro="Every check of a verification, and what would mend those that fail. Nothing is counted or spent.">
		<form class="panel section" onSubmit=${submit} autocomplete="off">
			<${Field} label="Key" name="key" problem=${ask.problem} hint="It is taken out of this field when it is sent, and kept nowhere.">
				${(/** @type {any} */ a) => html`<input ...${a} ref=${key} type="password" class="mono" autocomplete="off" autocapitalize="none" spellcheck=${false} />`}
			<//>
			<div class="fields">
				<${KeyspaceField} names=${names} value=${keyspace} problem=${ask.problem} onChange=${(/** @type {string} */ name) => form.set({ keyspace: name, environment: "" })} />
				<${Select} form=${form} name="environment" label="Environment" options=${[["", "not told"], ...environments.map((/** @type {string} */ e) => [e, e])]} />
				<${Lines} form=${form} name="scopes" label="Scopes, all needed" optional rows=${1} />
				<${Text} form=${form} name="client_ip" label="Client address" optional mono placeholder="192.0.2.7" />
				<${Text} form=${form} name="method" label="Method" optional mono placeholder="GET" />
				<${Text} form=${form} name="path" label="Path" optional mono placeholder="/v1/invoices" />
				<${Text} form=${form} name="origin" label="Origin" optional mono placeholder="https://app.example.com" />
				<${Text} form=${form} name="cost" label="Cost" optional inputmode="numeric" placeholder="1" />
			</div>
			<${FormProblem} problem=${ask.problem} fields=${FIELDS} />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${ask.busy}>Explain<//></div>
		</form>
		<div role="status" ref=${result}>${verdict && html`<${Verdict} of=${verdict} />`}</div>
	<//>`;
}

/** @param {{of: any}} props */
function Verdict({ of: v }) {
	const known = grants(useStore(session)?.scopes, v.keyspace === RESERVED ? "admin:write" : "keys:read");
	return html`<section class="section" aria-label="The verdict">
		<${Notice} kind=${v.valid ? "good" : "bad"} title=${html`<code>${v.code}</code>`}><p>${verdictWords(v)}</p><//>
		${v.key_id && html`<div class="panel"><${Facts}>
			<${Fact} label="Key">${known ? html`<a href=${`/console/keys/${v.key_id}`}><bdi>${v.name || v.key_id}</bdi></a>` : html`<bdi>${v.name || v.key_id}</bdi>`}<//>
			${v.public_id && html`<${Fact} label="Public id"><code>${v.public_id}</code><//>`}
			${v.environment && html`<${Fact} label="Environment">${v.environment}<//>`}
			${v.owner && html`<${Fact} label="Owner"><bdi>${v.owner}</bdi><//>`}
			<${Fact} label="Secret">${v.secret === "previous" ? "rotated out, in grace" : "the current one"}<//>
			<${Fact} label="Ends"><${Time} at=${v.expires_at} /><//>
			${v.credits_remaining !== undefined && html`<${Fact} label="Credits left">${v.credits_remaining.toLocaleString("en")}<//>`}
			<${Fact} label="Grants">${v.scopes?.length > 0 ? html`<ul class="chips">${v.scopes.map((/** @type {string} */ s) => html`<li key=${s}>${s}</li>`)}</ul>` : "no scopes"}<//>
			${v.limits?.map((/** @type {any} */ l) => html`<${Fact} key=${l.of + l.name} label=${`Limit ${l.name} of the ${l.of}`}>${l.remaining.toLocaleString("en")} left of ${(l.burst ?? l.limit).toLocaleString("en")}<//>`)}
		<//></div>`}
		<ol class="checks">${(v.checks ?? []).map((/** @type {any} */ c) => html`<${Check} key=${c.code} check=${c} verdict=${v} known=${known} />`)}</ol>
		${UNKNOWN.has(v.code) && html`<p class="hint">The other checks need a record, and there is none.</p>`}
	</section>`;
}

/** @param {{check: any, verdict: any, known: boolean}} props */
function Check({ check, verdict, known }) {
	const step = stepOf(check.code);
	return html`<li class=${check.ok ? "ok" : "failed"}>
		<${Badge} kind=${check.ok ? "good" : "bad"}>${check.ok ? "passes" : "fails"}<//>
		<div>
			<strong>${step.asks}</strong>
			${!check.ok && html`<div>${check.reason && html`<span class="reason">${check.reason}</span>. `}${check.code === "INSUFFICIENT_SCOPE" && verdict.missing_scopes ? html`Missing: <code>${verdict.missing_scopes.join(", ")}</code>. ` : ""}</div>
				<div class="hint">${step.mend} ${step.act && known && verdict.key_id && html`<a href=${`/console/keys/${verdict.key_id}`}>${step.act}</a>`}</div>`}
		</div>
		<code class="faint">${check.code}</code>
	</li>`;
}
