// SPDX-License-Identifier: Apache-2.0

// A new webhook or export. The secret that signs its messages is shown once.

import { html, useState } from "../view.js";
import { post } from "../api.js";
import { useAct } from "../load.js";
import { go } from "../router.js";
import { Page } from "../layout.js";
import { Button, FormProblem, SecretBox } from "../ui.js";
import { Check, Select } from "./inputs.js";
import { FIELDS, WebhookFields, webhookFields, webhookOf } from "./webhookfields.js";
import { KINDS } from "./webhookwords.js";

/** What is said of a secret of a webhook. */
export const KEPT = "Give it to the receiver, which verifies with it that a message comes from here. It is kept sealed and is not shown again.";

export default function CreateWebhook() {
	const [values, setValues] = useState(webhookFields());
	const [made, setMade] = useState(/** @type {any} */ (null));
	const create = useAct(async () => {
		const answer = await post("/v1/webhooks", webhookOf(values));
		if (answer.secret) setMade(answer);
		else go(`/console/webhooks/${answer.webhook.id}`);
	});
	if (made) {
		return html`<${Page} title="The webhook is made">
			<${SecretBox} label="The signing secret" kept=${KEPT} secret=${made.secret} file="webhook-secret.txt" done="Go to the webhook"
				onDone=${() => go(`/console/webhooks/${made.webhook.id}`, { force: true })} />
		<//>`;
	}
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		create.run();
	};
	const form = { values, problem: create.problem, set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }) };
	return html`<${Page} title="Create a webhook">
		<form class="stack narrow" onSubmit=${submit} autocomplete="off">
			<${Select} form=${form} name="kind" label="Kind" options=${Object.entries(KINDS)} hint="A webhook gets each event by itself, signed. An export gets the chain in its order." />
			<${WebhookFields} form=${form} />
			<${Check} form=${form} name="from_start" label="Send the chain from its beginning" hint="Otherwise what happens from now on." />
			<${FormProblem} problem=${create.problem} fields=${FIELDS} />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${create.busy}>Create<//><a class="button" href="/console/webhooks">Cancel</a></div>
		</form>
	<//>`;
}
