// SPDX-License-Identifier: Apache-2.0

import { html, useState } from "../view.js";
import { get, post } from "../api.js";
import { useLoad } from "../load.js";
import { useLive } from "../following.js";
import { Badge, Button, Choice, Confirm, Empty, Table, Time } from "../ui.js";

/** @type {Record<string, [any, string]>} */
const STATES = { next: ["", "published, signs next"], current: ["good", "signs"], retired: ["warn", "retired"], closed: ["bad", "cannot be opened"] };

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Id", head: true, cell: (k) => html`<code class="break">${k.kid}</code>` },
	{ title: "Algorithm", cell: (k) => k.algorithm ?? "" },
	{ title: "State", cell: (k) => html`<${Badge} kind=${STATES[k.state]?.[0]}>${STATES[k.state]?.[1] ?? k.state}<//>` },
	{ title: "Signs from", class: "nowrap", cell: (k) => html`<${Time} at=${k.signs_from} none="not yet" />` },
	{ title: "Gone", class: "nowrap", cell: (k) => html`<${Time} at=${k.gone_at} none="not known yet" />` },
];

/** The keys that sign tokens. */
export function SigningKeys() {
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/signing-keys", { signal }), []);
	const [rotating, setRotating] = useState(false);
	const [now, setNow] = useState(false);
	useLive((change) => change.events.some((e) => e.verb.startsWith("signing_key.")) && reload());
	return html`<section class="section">
		<div class="section-head"><h2>Signing keys</h2><${Button} small onClick=${() => setRotating(true)}>Rotate<//></div>
		<p class="hint">They sign the tokens that keys are exchanged for. Receivers find them at <code>/.well-known/jwks.json</code>.</p>
		<${Table} label="Signing keys" columns=${COLUMNS} rows=${data?.signing_keys} id=${(/** @type {any} */ k) => k.kid} loading=${loading} problem=${problem} onRetry=${reload} expected=${1}
			empty=${html`<${Empty} title="None yet: the first is made when a key is first exchanged" />`} />
		${rotating && html`<${Confirm} title="Rotate the signing keys?" verb=${now ? "End every token and rotate" : "Rotate"} danger=${now} act=${() => post("/v1/signing-keys/rotate", { revoke_old: now })} onClose=${() => {
			setRotating(false);
			setNow(false);
			reload();
		}}>
			<p>A new key is published for 65 minutes before it signs, and the old one until its last token has ended.</p>
			<${Choice} label="The old key has leaked: forget it at once" hint="Ends every token there is." checked=${now} onChange=${(/** @type {any} */ e) => setNow(e.target.checked)} />
		<//>`}
	</section>`;
}
