// SPDX-License-Identifier: Apache-2.0

// A webhook as a form: when it is made, and when it is changed.

import { html } from "../view.js";
import { Field } from "../ui.js";
import { Lines, Text } from "./inputs.js";
import { words } from "./policyform.js";

/** @type {Record<string, string>} */
const URLS = { webhook: "https://hooks.example.com/keys", http: "https://logs.example.com/in", syslog: "tls://logs.example.com:6514", file: "file:events.ndjson" };

export const FIELDS = ["name", "url", "verbs", "keyspaces", "authorization"];

/** @param {any} [webhook] */
export function webhookFields(webhook) {
	return {
		name: webhook?.name ?? "", kind: webhook?.kind ?? "webhook", url: webhook?.url ?? "", verbs: (webhook?.verbs ?? []).join("\n"),
		keyspaces: (webhook?.keyspaces ?? []).join("\n"), authorization: "", from_start: false,
	};
}

/** @param {any} values */
export function webhookOf(values) {
	return {
		name: values.name, kind: values.kind, url: values.url, verbs: words(values.verbs), keyspaces: words(values.keyspaces),
		authorization: (values.kind === "http" && values.authorization) || undefined, from_start: values.from_start || undefined,
	};
}

/**
 * @param {{form: import("./inputs.js").Form, changing?: any}} props changing: the webhook, where there is one
 */
export function WebhookFields({ form, changing }) {
	const { values } = form;
	return html`
		<${Text} form=${form} name="name" label="Name" optional />
		<${Text} form=${form} name="url" label="URL" required mono placeholder=${URLS[values.kind]} hint=${changing?.kind === "webhook" ? "Another one makes a new secret, and ends the others at once." : undefined} />
		<${Lines} form=${form} name="verbs" label="Events" optional hint="Patterns such as key.* or key.revoke, one a line. None: all." />
		<${Lines} form=${form} name="keyspaces" label="Keyspaces" optional rows=${2} hint="Whose events, one a line. None: all that this service key may see." />
		${values.kind === "http" && html`<${Field} label="Header Authorization" optional name="authorization" problem=${form.problem}
			hint=${changing?.authorization ? "There is one, which is not shown. What is written here replaces it." : "Kept sealed, and never shown."}>
			${(/** @type {any} */ a) => html`<input ...${a} type="password" autocomplete="off" value=${values.authorization} onInput=${(/** @type {any} */ e) => form.set({ authorization: e.target.value })} />`}
		<//>`}`;
}
