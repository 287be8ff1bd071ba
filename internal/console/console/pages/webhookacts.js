// SPDX-License-Identifier: Apache-2.0

// What may be done with a webhook, each in its dialog.

import { html, useState } from "../view.js";
import { patch, post } from "../api.js";
import { useAct } from "../load.js";
import { Button, Choice, Dialog, FormProblem } from "../ui.js";
import { Text } from "./inputs.js";
import { counted } from "./policywords.js";
import { FIELDS, WebhookFields, webhookFields, webhookOf } from "./webhookfields.js";

/**
 * @param {{title: string, verb: string, doing: any, fields: string[], onClose: () => void, children: any}} props
 */
function FormDialog({ title, verb, doing, fields, onClose, children }) {
	const submit = async (/** @type {Event} */ event) => {
		event.preventDefault();
		if (await doing.run()) onClose();
	};
	return html`<${Dialog} title=${title} onClose=${onClose}>
		<form class="stack" onSubmit=${submit} autocomplete="off">
			${children}
			<${FormProblem} problem=${doing.problem} fields=${fields} />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${doing.busy}>${verb}<//><${Button} onClick=${onClose}>Cancel<//></div>
		</form>
	<//>`;
}

/** @param {{webhook: any, path: string, onChanged: (answer: any) => void, onClose: () => void}} props */
export function ChangeWebhook({ webhook, path, onChanged, onClose }) {
	const [values, setValues] = useState(webhookFields(webhook));
	const change = useAct(async () => {
		const { name, url, verbs, keyspaces, authorization } = webhookOf(values);
		onChanged(await patch(path, { name, ...(url !== webhook.url && { url }), verbs: verbs ?? [], keyspaces: keyspaces ?? [], authorization }));
	});
	const form = { values, problem: change.problem, set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }) };
	return html`<${FormDialog} title="Change the webhook" verb="Save" doing=${change} fields=${FIELDS} onClose=${onClose}>
		<${WebhookFields} form=${form} changing=${webhook} />
	<//>`;
}

/** @param {{path: string, onRotated: (answer: any) => void, onClose: () => void}} props */
export function RotateSecret({ path, onRotated, onClose }) {
	const [values, setValues] = useState({ grace: "24h" });
	const rotate = useAct(async () => onRotated(await post(path + "/rotate-secret", { grace: values.grace || undefined })));
	return html`<${FormDialog} title="Rotate the secret" verb="Rotate" doing=${rotate} fields=${["grace"]} onClose=${onClose}>
		<${Text} form=${{ values, problem: rotate.problem, set: setValues }} name="grace" label="Grace" placeholder="24h"
			hint="For so long messages are signed with the secret before as well, so that the receiver can change it without losing one." />
	<//>`;
}

/** @param {{webhook: any, path: string, onClose: () => void}} props */
export function EnableWebhook({ webhook, path, onClose }) {
	const [skip, setSkip] = useState(false);
	const enable = useAct(() => post(path + "/enable", { skip }));
	return html`<${FormDialog} title="Enable the webhook" verb="Enable" doing=${enable} fields=${[]} onClose=${onClose}>
		<fieldset class="stack"><legend>What happened while it was disabled</legend>
			<${Choice} type="radio" name="skip" label="Go on where it stopped" hint=${webhook.behind > 0 ? `${counted(webhook.behind, "event")} of the chain will be looked at.` : "It has missed nothing."} checked=${!skip} onChange=${() => setSkip(false)} />
			<${Choice} type="radio" name="skip" label="Pass over it" hint="Only what happens from now on is sent." checked=${skip} onChange=${() => setSkip(true)} />
		</fieldset>
	<//>`;
}
