// SPDX-License-Identifier: Apache-2.0

// One webhook: how it is, what it did not take, and what may be done with it.

import { html, useState } from "../view.js";
import { del, get, post } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { go } from "../router.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Button, Confirm, Fact, Facts, Notice, ProblemNotice, SecretBox, Time, Waiting } from "../ui.js";
import { Deliveries } from "./deliveries.js";
import { ChangeWebhook, EnableWebhook, RotateSecret } from "./webhookacts.js";
import { Health, KINDS, Waits } from "./webhookwords.js";
import { KEPT } from "./createwebhook.js";

/** @param {{id: string}} props */
export default function WebhookPage({ id }) {
	const path = `/v1/webhooks/${encodeURIComponent(id)}`;
	const { data: webhook, problem, reload } = useLoad((signal) => get(path, { signal }), [id]);
	const [turn, setTurn] = useState(0);
	const again = () => {
		reload();
		setTurn((/** @type {number} */ n) => n + 1);
	};
	useLive(again);
	const title = webhook?.name || id;
	return html`<${Page} title=${`Webhook ${title}`} label=${html`Webhook <bdi>${title}</bdi>`}>
		<${ProblemNotice} problem=${problem}><${Button} small onClick=${reload}>Try again<//><//>
		${!webhook && !problem && html`<${Waiting} />`}
		${webhook && html`<${Parts} webhook=${webhook} path=${path} turn=${turn} reload=${again} />`}
	<//>`;
}

/** @param {{webhook: any, path: string, turn: number, reload: () => void}} props */
function Parts({ webhook, path, turn, reload }) {
	const may = grants(useStore(session)?.scopes, "webhooks:write");
	return html`
		<section class="panel"><${Facts}>
			<${Fact} label="State"><${Health} of=${webhook} />${webhook.reason && html`<div class="hint">${webhook.reason}</div>`}<//>
			<${Fact} label="Waits"><${Waits} of=${webhook} /><//>
			<${Fact} label="Kind">${KINDS[webhook.kind] ?? webhook.kind}<//>
			<${Fact} label="To"><span class="mono">${webhook.url}</span><//>
			<${Fact} label="Events">${webhook.verbs?.join(", ") ?? "all"}<//>
			<${Fact} label="Keyspaces">${webhook.keyspaces?.join(", ") ?? "all"}<//>
			<${Fact} label="Last taken"><${Time} at=${webhook.last_sent_at} none="not since the server started" /><//>
			${webhook.secrets && html`<${Fact} label="Signing secrets">${webhook.secrets.map((/** @type {any} */ s) => html`<div key=${s.created_at}>made <${Time} at=${s.created_at} />${s.ends_at && html`, ends <${Time} at=${s.ends_at} />`}</div>`)}<//>`}
			<${Fact} label="Id"><code>${webhook.id}</code><//>
		<//></section>
		${may && html`<${Acts} webhook=${webhook} path=${path} reload=${reload} />`}
		<${Deliveries} path=${path} turn=${turn} may=${may} reload=${reload} />`;
}

/** @param {{webhook: any, path: string, reload: () => void}} props */
function Acts({ webhook, path, reload }) {
	const [open, setOpen] = useState("");
	const [secret, setSecret] = useState("");
	const [said, setSaid] = useState("");
	const close = () => {
		setOpen("");
		reload();
	};
	const test = useAct(async () => {
		setSaid("");
		const { status } = await post(path + "/test");
		setSaid(`It took a test${status ? ` and answered ${status}` : ""}.`);
		reload();
	});
	const took = (/** @type {any} */ answer) => setSecret(answer.secret ?? "");
	if (secret) return html`<${SecretBox} label="The new signing secret" kept=${KEPT} secret=${secret} file="webhook-secret.txt" onDone=${() => setSecret("")} />`;
	return html`<div class="stack">
		<div class="actions">
			<${Button} busy=${test.busy} onClick=${test.run}>Send a test<//>
			<${Button} onClick=${() => setOpen("change")}>Change<//>
			${webhook.kind === "webhook" && html`<${Button} onClick=${() => setOpen("rotate")}>Rotate the secret<//>`}
			${webhook.disabled ? html`<${Button} kind="primary" onClick=${() => setOpen("enable")}>Enable<//>` : html`<${Button} onClick=${() => setOpen("disable")}>Disable<//>`}
			<${Button} kind="danger" onClick=${() => setOpen("delete")}>Delete<//>
		</div>
		<div role="status">${said && html`<${Notice} kind="good">${said}<//>`}</div>
		<${ProblemNotice} problem=${test.problem} title="It did not take the test" />
		${open === "change" && html`<${ChangeWebhook} webhook=${webhook} path=${path} onChanged=${took} onClose=${close} />`}
		${open === "rotate" && html`<${RotateSecret} path=${path} onRotated=${took} onClose=${close} />`}
		${open === "enable" && html`<${EnableWebhook} webhook=${webhook} path=${path} onClose=${close} />`}
		${open === "disable" && html`<${Confirm} title="Disable the webhook?" verb="Disable" act=${() => post(path + "/disable")} onClose=${close}>
			<p>Nothing is sent to it until it is enabled. What happens meanwhile can then be sent, or passed over.</p><//>`}
		${open === "delete" && html`<${Confirm} title="Delete the webhook?" verb="Delete" danger type=${webhook.name || webhook.id} act=${async () => {
			await del(path);
			go("/console/webhooks");
		}} onClose=${() => setOpen("")}><p>Its secret and its deliveries are gone for good.</p><//>`}
	</div>`;
}
