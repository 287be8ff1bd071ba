// SPDX-License-Identifier: Apache-2.0

// One key: what it is, how it is used, what was done to it, and what can be done.

import { html, useState } from "../view.js";
import { get, post } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { useLive } from "../following.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Button, Confirm, Copy, Fact, Facts, Notice, ProblemNotice, Time, Waiting } from "../ui.js";
import { nameOf, Owner, Scopes, States } from "../parts/names.js";
import { limitWords } from "../parts/recordfields.js";
import { Secrets } from "../key/secrets.js";
import { EditDialog } from "../key/edit.js";
import { Receipt, RevokeDialog } from "../key/revoke.js";
import { Usage } from "../key/usage.js";
import { Credits } from "../key/credits.js";
import { Events } from "../key/events.js";
import { Children } from "../key/children.js";
import { Decoy } from "../leak/decoys.js";

/** @param {{id: string}} props */
export default function Key({ id }) {
	const { data: record, problem, reload, setData } = useLoad((signal) => get("/v1/keys/" + encodeURIComponent(id), { signal }), [id]);
	useLive((change) => change.targets.has(id) && reload());
	const [receipt, setReceipt] = useState(/** @type {any} */ (null));
	if (!record) {
		return html`<${Page} title="Key">${problem ? html`<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>` : html`<${Waiting} />`}<//>`;
	}
	const may = (/** @type {string} */ scope) => grants(session.value?.scopes, scope);
	const metadata = record.metadata && JSON.stringify(record.metadata, null, 2);
	return html`<${Page} title=${nameOf(record)} actions=${html`<${Acts} record=${record} may=${may} onChange=${setData} onRevoked=${(/** @type {any} */ r) => (setReceipt(r), reload())} />`}>
		${problem && html`<${ProblemNotice} problem=${problem} />`}
		${receipt && html`<${Receipt} receipt=${receipt} />`}
		${record.decoy && html`<${Decoy} record=${record} events=${may("audit:read")} />`}
		<section class="panel section" aria-label="What it is">
			<div class="section-head"><span class="mono break">${record.display}</span><${States} of=${record} /></div>
			<${Facts}>
				<${Fact} label="Key id"><span class="mono break">${record.id}</span> <${Copy} text=${record.id} what="the key id" /><//>
				<${Fact} label="Keyspace"><a href=${"/console/keys?keyspace=" + encodeURIComponent(record.keyspace)}>${record.keyspace}</a><//>
				<${Fact} label="Format">${record.format}${record.environment ? `, ${record.environment}` : ""}<//>
				<${Fact} label="Owner">${record.owner ? html`<a href=${`/console/keys?keyspace=${encodeURIComponent(record.keyspace)}&owner=${encodeURIComponent(record.owner)}`}><${Owner} of=${record.owner} /></a>` : html`<${Owner} />`}<//>
				<${Fact} label="Created"><${Time} at=${record.created_at} /><//>
				<${Fact} label="Last used"><${Time} at=${record.last_used_at} /><//>
				<${Fact} label="Expires"><${Time} at=${record.expires_at} /><//>
				${record.not_before && html`<${Fact} label="Not before"><${Time} at=${record.not_before} /><//>`}
				${record.rotate_by && html`<${Fact} label="Rotate by"><${Time} at=${record.rotate_by} /><//>`}
				${record.parent && html`<${Fact} label="Child of"><a class="mono break" href=${"/console/keys/" + record.parent}>${record.parent}</a><//>`}
				${record.revoked_at && html`<${Fact} label="Revoked"><${Time} at=${record.revoked_at} />${record.revoke_reason && html`: <bdi>${record.revoke_reason}</bdi>`}<//>`}
			<//>
		</section>
		<div class="columns">
			<section class="panel section" aria-label="What it may do"><h2>What it may do</h2>
				<${Facts}>
					<${Fact} label="Scopes"><${Scopes} of=${record.scopes} max=${200} /><//>
					${record.roles && html`<${Fact} label="Roles"><${Scopes} of=${record.roles} max=${200} /><//>`}
					<${Fact} label="Limits">${record.limits?.map((/** @type {any} */ l) => html`<div key=${l.name}>${limitWords(l)}</div>`) ?? html`<span class="faint">none of its own</span>`}<//>
					${[["Networks", record.allowed_networks], ["Origins", record.allowed_origins], ["Methods", record.allowed_methods], ["Paths", record.allowed_paths], ["May act on", record.keyspaces], ["Bound to owner", record.bound_owner && [record.bound_owner]]].map(([label, list]) => list && html`<${Fact} key=${label} label=${label}><${Scopes} of=${list} max=${200} /><//>`)}
				<//>
				<p class="hint"><a href=${`/console/explain?keyspace=${encodeURIComponent(record.keyspace)}&key=${record.id}`}>Explain a verdict on it</a></p>
			</section>
			<${Secrets} record=${record} may=${may} onChange=${setData} />
		</div>
		${may("usage:read") && html`<${Usage} record=${record} />`}
		<${Credits} record=${record} may=${may} onChange=${reload} />
		<${Children} record=${record} may=${may} />
		${metadata && html`<section class="panel section" aria-label="Metadata"><h2>Metadata</h2><pre class="block mono" tabindex="0" role="region" aria-label="Metadata as JSON">${metadata}</pre></section>`}
		${may("audit:read") && html`<${Events} id=${record.id} version=${record.version} />`}
	<//>`;
}

/** @param {{record: any, may: (scope: string) => boolean, onChange: (r: any) => void, onRevoked: (receipt: any) => void}} props */
function Acts({ record, may, onChange, onRevoked }) {
	const [open, setOpen] = useState("");
	const enable = useAct(async () => onChange(await post(`/v1/keys/${record.id}/enable`)));
	const close = () => setOpen("");
	if (record.state === "revoked") return null;
	return html`
		${may("keys:write") && html`<${Button} onClick=${() => setOpen("edit")}>Edit<//>`}
		${may("keys:rotate") && record.state !== "expired" && html`<a class="button" href=${`/console/keys/${record.id}/rotate`}>Rotate</a>`}
		${may("keys:write") && (record.state === "disabled" ? html`<${Button} busy=${enable.busy} onClick=${enable.run}>Enable<//>` : html`<${Button} onClick=${() => setOpen("disable")}>Disable<//>`)}
		${may("keys:revoke") && html`<${Button} kind="danger" onClick=${() => setOpen("revoke")}>Revoke<//>`}
		${enable.problem && html`<${Notice} kind="bad" role="alert">${enable.problem.detail}<//>`}
		${open === "edit" && html`<${EditDialog} record=${record} onClose=${close} onSaved=${onChange} />`}
		${open === "disable" && html`<${Confirm} title="Disable this key?" verb="Disable" onClose=${close} act=${async () => onChange(await post(`/v1/keys/${record.id}/disable`))}>
			<p>Verifications of <bdi>${nameOf(record)}</bdi> are refused with DISABLED from then on. You can enable it again.</p>
		<//>`}
		${open === "revoke" && html`<${RevokeDialog} record=${record} onClose=${close} onRevoked=${onRevoked} />`}`;
}
