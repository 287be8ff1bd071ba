// SPDX-License-Identifier: Apache-2.0

// The secrets of a key: which is used, when last and from where.

import { html, useState } from "../view.js";
import { post } from "../api.js";
import { Badge, Button, Choice, Confirm, Time } from "../ui.js";
import { inGrace } from "../parts/names.js";

/** @param {any} s */
const ended = (s) => s.expires_at && new Date(s.expires_at) <= new Date();

/** @param {{record: any, may: (scope: string) => boolean, onChange: (r: any) => void}} props */
export function Secrets({ record, may, onChange }) {
	return html`<section class="panel section" aria-label="Secrets">
		<div class="section-head"><h2>Secrets</h2>${may("keys:rotate") && inGrace(record).length > 0 && record.state !== "revoked" && html`<${EndGrace} record=${record} onChange=${onChange} />`}</div>
		<ul class="secrets">${record.secrets.map((/** @type {any} */ s) => html`<li key=${s.public_id + s.created_at} class=${ended(s) ? "faint" : ""}>
			<div class="section-head"><span class="mono break">${s.public_id || "no public id"}</span>
				<${Badge} kind=${s.secret === "current" ? (record.state === "active" ? "good" : "") : ended(s) ? "" : "warn"}>${s.secret === "current" ? "current" : ended(s) ? "ended" : "in grace"}<//></div>
			<div>Last used <${Time} at=${s.last_used_at} />${s.last_used_from && html` from <span class="mono">${s.last_used_from}</span>`}</div>
			<div class="hint">Made <${Time} at=${s.created_at} />${s.secret === "previous" && html`; ${ended(s) ? "ended" : "ends"} <${Time} at=${s.expires_at} />${s.idle && !ended(s) && ` at the latest, or once it was not used for ${s.idle}`}`}</div>
		</li>`)}</ul>
	</section>`;
}

/** Ends the old secrets now. The server refuses where one is still used, unless it is forced. @param {{record: any, onChange: (r: any) => void, primary?: boolean}} props */
export function EndGrace({ record, onChange, primary }) {
	const [open, setOpen] = useState(false);
	const [force, setForce] = useState(false);
	const used = inGrace(record).some((/** @type {any} */ s) => s.last_used_at && Date.now() - Date.parse(s.last_used_at) < 3600000);
	return html`<${Button} small=${!primary} kind=${primary && !used ? "primary" : undefined} onClick=${() => setOpen(true)}>End the grace now…<//>
		${open && html`<${Confirm} title="End the old secret now?" verb="End the grace" danger=${used} onClose=${() => setOpen(false)} act=${async () => onChange(await post(`/v1/keys/${record.id}/end-grace`, force ? { force: true } : {}))}>
			<p>Every secret but the current one is refused from then on. This cannot be undone.</p>
			${inGrace(record).map((/** @type {any} */ s) => html`<p key=${s.created_at}><span class="mono">${s.public_id || "the old secret"}</span> was last used <${Time} at=${s.last_used_at} />${s.last_used_from && html` from <span class="mono">${s.last_used_from}</span>`}.</p>`)}
			<${Choice} label="Even if an old secret was used within the last hour" hint="Without this the server refuses then: somebody still uses it and would be locked out. Force it when the old secret has leaked." checked=${force} onChange=${(/** @type {any} */ e) => setForce(e.target.checked)} />
		<//>`}`;
}
