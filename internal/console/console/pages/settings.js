// SPDX-License-Identifier: Apache-2.0

// This session, and the server: whether it is ready, its version, its signing keys and peppers.

import { html, useState } from "../view.js";
import { del, get, send } from "../api.js";
import { useAct, useLoad } from "../load.js";
import { useStore } from "../store.js";
import { session, signOut } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Badge, Button, Confirm, Empty, Fact, Facts, ProblemNotice, Table, Time, Waiting } from "../ui.js";
import { SigningKeys } from "./signingkeys.js";

export default function Settings() {
	const scopes = useStore(session)?.scopes;
	const admin = grants(scopes, "admin:write");
	return html`<${Page} title="Settings">
		<${Session} />
		<${Server} />
		${admin && html`<${SigningKeys} /><${Peppers} />`}
	<//>`;
}

function Session() {
	const who = useStore(session);
	const out = useAct(signOut);
	const everywhere = useAct(async () => {
		await del("/v1/sessions", { query: { all: true } });
		session.set(null);
	});
	if (!who) return null;
	return html`<section class="panel section">
		<div class="section-head"><h2>This session</h2><div class="actions"><${Button} small busy=${out.busy} onClick=${out.run}>Sign out<//><${Button} small busy=${everywhere.busy} onClick=${everywhere.run}>Sign out everywhere<//></div></div>
		<${ProblemNotice} problem=${out.problem ?? everywhere.problem} />
		<${Facts}>
			<${Fact} label="Signed in with the service key"><bdi>${who.name || who.key_id}</bdi>${who.name && html`<div class="hint mono">${who.key_id}</div>`}<//>
			${who.keyspace && html`<${Fact} label="Keyspace where none is named">${who.keyspace}<//>`}
			<${Fact} label="Ends at the latest"><${Time} at=${who.expires_at} exact /><//>
			<${Fact} label="Ends when unused"><${Time} at=${who.idle_until} /><//>
			<${Fact} label="Scopes"><ul class="chips">${who.scopes.map((s) => html`<li key=${s}>${s}</li>`)}</ul><//>
		<//>
		<p class="hint">Sign out everywhere ends all sessions of this service key, on every machine. The key itself goes on: whoever has it can sign in again.</p>
	</section>`;
}

/** What each check of /readyz looks at. @type {Record<string, string>} */
const CHECKS = {
	draining: "It is not about to stop", frozen: "It was not restored without the revocations since", lease: "The store is this server's alone",
	store: "The store answers", table: "All keys can be looked up",
};

/** @param {AbortSignal} signal */
async function look(signal) {
	const about = await get("/", { signal });
	const ready = await send("GET", "/readyz", { signal }).then((r) => r.json(), (p) => ({ ready: false, checks: p.checks, detail: p.detail }));
	return { about, ready };
}

function Server() {
	const { data, problem, loading, reload } = useLoad(look, []);
	return html`<section class="panel section">
		<div class="section-head"><h2>The server</h2><${Button} small busy=${loading && Boolean(data)} onClick=${reload}>Look again<//></div>
		<${ProblemNotice} problem=${problem} />
		${!data && !problem && html`<${Waiting} />`}
		${data && html`<${Facts}>
			<${Fact} label="Version">${data.about.version || "built from source"}<//>
			<${Fact} label="Requests">${data.ready.ready ? html`<${Badge} kind="good">ready for them<//>` : html`<${Badge} kind="bad">should not be sent here<//> ${data.ready.detail}`}<//>
			${data.ready.checks?.map((/** @type {any} */ c) => html`<${Fact} key=${c.name} label=${CHECKS[c.name] ?? c.name}><${Badge} kind=${c.ok ? "good" : "bad"}>${c.ok ? "yes" : "no"}<//> ${c.reason ?? ""}<//>`)}
		<//>
		<div class="actions"><a class="button" href="/docs">Every route: /docs</a><a class="button" href="/generate/">Generator page</a></div>`}
	</section>`;
}

function Peppers() {
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/peppers", { signal }), []);
	const [removing, setRemoving] = useState("");
	/** @type {import("../ui/table.js").Column[]} */
	const columns = [
		{ title: "Name", head: true, cell: (p) => html`${p.name}${p.missing && html` <${Badge} kind="bad">cannot be opened<//>`}` },
		{ title: "Made", cell: (p) => html`<${Time} at=${p.created_at} />` },
		{ title: "Used by", cell: (p) => p.keyspaces?.join(", ") ?? html`<span class="faint">none</span>` },
		{ title: html`<span class="visually-hidden">Act</span>`, cell: (p) => !p.keyspaces && html`<${Button} small aria-label=${`Remove ${p.name}`} onClick=${() => setRemoving(p.name)}>Remove<//>` },
	];
	return html`<section class="section">
		<h2>Peppers</h2>
		<p class="hint">Secrets that hashes are made with, sealed with the root key. The policy of a keyspace names one. <code>keywright peppers create</code> makes one.</p>
		<${Table} label="Peppers" columns=${columns} rows=${data?.peppers} id=${(/** @type {any} */ p) => p.name} loading=${loading} problem=${problem} onRetry=${reload} expected=${1} empty=${html`<${Empty} title="No peppers" />`} />
		${removing && html`<${Confirm} title="Remove the pepper?" verb="Remove" danger type=${removing} act=${() => del(`/v1/peppers/${encodeURIComponent(removing)}`)} onClose=${() => {
			setRemoving("");
			reload();
		}}><p>Hashes that were made with it can never be matched again.</p><//>`}
	</section>`;
}
