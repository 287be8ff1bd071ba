// SPDX-License-Identifier: Apache-2.0

// Reports a key that was seen where it must not be. It is taken out of its field when it is sent, and kept nowhere.

import { html, useRef, useState } from "../view.js";
import { post } from "../api.js";
import { useAct } from "../load.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Button, Field, FormProblem, Notice, Time } from "../ui.js";
import { Text } from "./inputs.js";
import { olderWords } from "../leak/words.js";

const FIELDS = ["leaks[0].key", "leaks[0].url", "leaks[0].source", "leaks[0].found_at"];

export default function ReportLeak() {
	const key = useRef(/** @type {HTMLInputElement | null} */ (null));
	const [values, setValues] = useState({ url: "", source: "", found_at: "" });
	const [result, setResult] = useState(/** @type {any} */ (null));
	const act = useAct(async (/** @type {string} */ leaked) => {
		setResult(null);
		const found = values.found_at && new Date(values.found_at).toISOString();
		const { results } = await post("/v1/leaks", { leaks: [{ key: leaked, url: values.url.trim() || undefined, source: values.source.trim() || "console", found_at: found || undefined }] });
		setResult(results[0]);
	});
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		const field = /** @type {HTMLInputElement} */ (key.current);
		const leaked = field.value.trim();
		field.value = "";
		if (leaked) act.run(leaked);
		else field.focus();
	};
	const problem = olderWords(act.problem, "reports of leaks", "/v1/leaks");
	const form = { values, problem, path: "leaks[0].", set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }) };
	return html`<${Page} title="Report a leak" intro="A secret key that is reported ends as its keyspace says: at once, where it says nothing. This cannot be undone.">
		<form class="panel section form" onSubmit=${submit} autocomplete="off">
			<${Field} label="The leaked key" name="leaks[0].key" problem=${problem} hint="It is taken out of this field when it is sent, and kept nowhere.">
				${(/** @type {any} */ a) => html`<input ...${a} ref=${key} type="password" class="mono" autocomplete="off" autocapitalize="none" spellcheck=${false} />`}
			<//>
			<${Text} form=${form} name="url" label="Where it was seen" optional mono placeholder="https://git.example.com/team/app/blob/main/config.py" hint="An address, never with the key in it." />
			<div class="fields">
				<${Text} form=${form} name="source" label="What kind of place" optional placeholder="console" hint="A word of your own, such as wiki or ticket." />
				<${Text} form=${form} name="found_at" label="Seen at" optional type="datetime-local" hint="In your time zone. Its uses are told from then on." />
			</div>
			<${FormProblem} problem=${problem} fields=${FIELDS} title="It was not reported" />
			<div class="actions"><${Button} kind="danger" type="submit" busy=${act.busy}>Report it<//><a class="button" href="/console/leaks">All leaks</a></div>
		</form>
		<div role="status">${result && html`<${Result} of=${result} />`}</div>
	<//>`;
}

/** What became of the report. @param {{of: any}} props */
function Result({ of }) {
	const may = grants(useStore(session)?.scopes, "leaks:read");
	if (!of.leak_id) return html`<${Notice} title="No key of this server"><p>It was not issued here, so nothing was done and nothing of it was kept.</p><//>`;
	const [kind, title] = TITLES[of.action] ?? ["warn", of.action];
	return html`<${Notice} kind=${kind} title=${title}>
		<p>${of.action === "scheduled" ? html`The leaked secret ends <${Time} at=${of.revoke_at} exact />, as its keyspace says.` : of.action === "revoked" ? "The leaked secret is refused from now on, on every node." : of.action === "none" ? `The key was ${of.state} before this report.` : "Its keyspace leaves the rest to you, or it is publishable."}</p>
		${may && html`<p><a href=${"/console/leaks/" + encodeURIComponent(of.leak_id)}>From exposure to end</a></p>`}
	<//>`;
}

/** @type {Record<string, ["good" | "warn" | "bad", string]>} */
const TITLES = {
	revoked: ["good", "Revoked"], scheduled: ["warn", "It will be revoked"], reported: ["warn", "Its owner is told; the key goes on"], none: ["good", "It had ended already"],
};
