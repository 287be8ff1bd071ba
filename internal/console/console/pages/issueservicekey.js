// SPDX-License-Identifier: Apache-2.0

import { html, useState } from "../view.js";
import { newIdempotencyKey, post } from "../api.js";
import { useAct } from "../load.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Button, Choice, FormProblem, SecretBox } from "../ui.js";
import { Lines, Text } from "./inputs.js";
import { RESERVED } from "../parts/keyspacefield.js";
import { words } from "./policyform.js";

/** What service keys may do, by subject. @type {[string, [string, string][]][]} */
const SCOPES = [
	["Keys", [["keys:verify", "verify"], ["keys:read", "look at"], ["keys:issue", "issue"], ["keys:write", "change, disable, enable"], ["keys:rotate", "rotate"], ["keys:revoke", "revoke"], ["keys:import", "import"], ["keys:export", "export"], ["keys:export_hashes", "export with hashes"]]],
	["Rules", [["keyspaces:read", "look at keyspaces"], ["keyspaces:write", "change keyspaces"], ["owners:read", "look at owners"], ["owners:write", "change owners"]]],
	["Watch", [["usage:read", "look at usage"], ["audit:read", "read the audit chain"], ["audit:write", "sign, erase, prune"], ["webhooks:read", "look at webhooks"], ["webhooks:write", "change webhooks"], ["leaks:report", "report leaks"], ["leaks:read", "look at leaks"], ["nodes:read", "look at nodes"], ["metrics:read", "read metrics"]]],
	["Server", [["nodes:read", "look at nodes"], ["backup:read", "take backups"], ["admin:write", "act on service keys"]]],
];

/** @param {{onClose: () => void}} props */
export function IssueServiceKey({ onClose }) {
	const mine = useStore(session)?.scopes;
	const [wish, setWish] = useState(newIdempotencyKey);
	const [values, setValues] = useState({ name: "", keyspaces: "", expires_in: "", scopes: /** @type {string[]} */ ([]) });
	const [made, setMade] = useState(/** @type {any} */ (null));
	const issue = useAct(async () => setMade(await post("/v1/keys", {
		keyspace: RESERVED, name: values.name, scopes: values.scopes, keyspaces: words(values.keyspaces), expires_in: values.expires_in || undefined,
	}, { headers: { "Idempotency-Key": wish } })));
	const set = (/** @type {any} */ changes) => {
		setValues({ ...values, ...changes });
		setWish(newIdempotencyKey());
	};
	if (made?.key) return html`<${SecretBox} label="The service key" secret=${made.key} file="service-key.txt" warnings=${made.warnings} onDone=${onClose} />`;
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		issue.run();
	};
	const form = { values, problem: issue.problem, set };
	return html`<form class="panel section" onSubmit=${submit} autocomplete="off">
		<h2>Issue a service key</h2>
		<div class="fields">
			<${Text} form=${form} name="name" label="Name" required placeholder="gateway" hint="For people: where it is used." />
			<${Lines} form=${form} name="keyspaces" label="Keyspaces" optional rows=${1} hint="The ones it may act on. None: all." />
			<${Text} form=${form} name="expires_in" label="Ends after" optional placeholder="90d" />
		</div>
		<div class="columns scopes">${SCOPES.map(([group, list]) => html`<fieldset key=${group}><legend>${group}</legend>
			${list.map(([scope, word]) => html`<${Choice} key=${scope} label=${word} hint=${html`<code>${scope}</code>`} disabled=${!grants(mine, scope)} checked=${values.scopes.includes(scope)}
				onChange=${(/** @type {any} */ e) => set({ scopes: e.target.checked ? [...values.scopes, scope] : values.scopes.filter((s) => s !== scope) })} />`)}
		</fieldset>`)}</div>
		${made && html`<p class="problem">It was issued before and cannot be shown again: revoke it in the list, and issue another one.</p>`}
		<${FormProblem} problem=${issue.problem} fields=${["name", "keyspaces", "expires_in"]} />
		<div class="actions"><${Button} kind="primary" type="submit" disabled=${values.scopes.length === 0} busy=${issue.busy}>Issue<//><${Button} onClick=${onClose}>Cancel<//></div>
	</form>`;
}
