// SPDX-License-Identifier: Apache-2.0

// The keys that were made from a key, as a tree. A child can never do more than its parent.

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { Button, Dialog, FormProblem, ProblemNotice, Waiting } from "../ui.js";
import { KeyName, nameOf, States } from "../parts/names.js";
import { emptyDraft, metadataProblem, requestOf } from "../parts/draft.js";
import { FIELDS, RecordFields } from "../parts/recordfields.js";
import { Issued, useOnce } from "../parts/issuing.js";

/** @param {{record: any, may: (scope: string) => boolean}} props */
export function Children({ record, may }) {
	const [open, setOpen] = useState(false);
	const [turn, setTurn] = useState(0);
	const [some, setSome] = useState(false);
	const issue = may("keys:issue") && record.state === "active" && record.keyspace !== "keywright";
	return html`<section hidden=${!some && !issue} class=${"section" + (some || issue ? " panel" : "")} aria-label="Keys made from this one">
		${(some || issue) && html`<div class="section-head"><h2>Keys made from this one</h2>${issue && html`<${Button} small onClick=${() => setOpen(true)}>Issue a child…<//>`}</div>`}
		<${Branch} key=${turn} of=${record} onSome=${setSome} top quiet=${!issue} />
		${open && html`<${ChildDialog} parent=${record} onClose=${() => setOpen(false)} onIssued=${() => setTurn(turn + 1)} />`}
	</section>`;
}

/** One level of the tree; a further one is loaded when it is opened. @param {{of: any, top?: boolean, quiet?: boolean, onSome?: (some: boolean) => void}} props */
function Branch({ of, top, quiet, onSome }) {
	const [cursor, setCursor] = useState("");
	const [before, setBefore] = useState(/** @type {any[]} */ ([]));
	const { data, problem, loading } = useLoad(async (signal) => {
		const page = await get("/v1/keys", { signal, query: { keyspace: of.keyspace, parent: of.id, cursor, limit: 50 } });
		onSome?.(page.keys.length > 0);
		return page;
	}, [of.id, cursor]);
	const all = [...before, ...(data?.keys ?? []).filter((/** @type {any} */ k) => !before.includes(k))];
	if (problem) return html`<${ProblemNotice} problem=${problem} />`;
	if (!data) return top ? null : html`<${Waiting} />`;
	if (!all.length && quiet) return null;
	if (!all.length) return html`<p class="hint">${top ? "None." : "It has none."}</p>`;
	return html`<ul class="tree">${all.map((child) => html`<${Twig} key=${child.id} of=${child} />`)}</ul>
		${data.next_cursor && html`<${Button} small busy=${loading} onClick=${() => (setBefore(all), setCursor(data.next_cursor))}>More<//>`}`;
}

/** @param {{of: any}} props */
function Twig({ of }) {
	const [open, setOpen] = useState(false);
	return html`<li>
		<div class="twig"><${Button} small kind="plain" aria-expanded=${open} aria-label=${"Children of " + nameOf(of)} onClick=${() => setOpen(!open)}>${open ? "−" : "+"}<//><${KeyName} of=${of} /><${States} of=${of} /></div>
		${open && html`<${Branch} of=${of} />`}
	</li>`;
}

/** @param {{parent: any, onClose: () => void, onIssued: () => void}} props */
function ChildDialog({ parent, onClose, onIssued }) {
	const [draft, setDraft] = useState(() => ({ ...emptyDraft(), expiry: { kind: "in", in: "1h", at: "" } }));
	const [issued, setIssued] = useState(/** @type {any} */ (null));
	const once = useOnce();
	const act = useAct(async () => {
		setIssued(await once(`/v1/keys/${parent.id}/children`, requestOf(draft)));
		onIssued();
	});
	const space = { policy: { allowed_scopes: parent.scopes.filter((/** @type {string} */ s) => !s.includes("*")) } };
	return html`<${Dialog} wide title="Issue a child" onClose=${() => !issued?.key && onClose()}>
		${issued ? html`<${Issued} issued=${issued} onDone=${onClose} />` : html`<form class="stack" autocomplete="off" onSubmit=${(/** @type {Event} */ e) => (e.preventDefault(), metadataProblem(draft.metadata) || act.run())}>
			<p>It can never do more than <bdi>${nameOf(parent)}</bdi>, nor live longer, and ends with it.</p>
			<${RecordFields} draft=${draft} set=${(/** @type {any} */ change) => setDraft((/** @type {any} */ d) => ({ ...d, ...change }))} space=${space} keyspace=${parent.keyspace} problem=${act.problem} />
			<${FormProblem} problem=${act.problem} fields=${FIELDS} title="The key was not issued" />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${act.busy}>Issue the child<//><${Button} onClick=${onClose}>Cancel<//></div>
		</form>`}
	<//>`;
}
