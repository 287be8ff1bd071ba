// SPDX-License-Identifier: Apache-2.0

// What is seen at a glance: how many keys there are, how they are used, and what wants to be looked at.

import { html } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Badge, Empty, Notice, Table, Time } from "../ui.js";
import { inGrace, KeyName, Owner } from "../parts/names.js";
import { actionWords, olderWords, Seen } from "../leak/words.js";

const FEW = 5;

export default function Overview() {
	const scopes = session.value?.scopes;
	if (!grants(scopes, "usage:read")) {
		return html`<${Page} title="Overview"><${Notice} title="Nothing to show here">Figures need the scope <code>usage:read</code>, which this service key does not have. The menu has what it may do.<//><//>`;
	}
	return html`<${Figures} keys=${grants(scopes, "keys:read")} />`;
}

/** @param {{keys: boolean}} props */
function Figures({ keys }) {
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/stats", { signal }), []);
	const spaces = data?.keyspaces;
	return html`<${Page} title="Overview">
		<${Tiles} spaces=${spaces} />
		${grants(session.value?.scopes, "leaks:read") && html`<${OpenLeaks} />`}
		<section class="section" aria-label="Keyspaces"><h2>Keyspaces</h2>
			<${Table} label="Keyspaces" rows=${spaces} id=${(/** @type {any} */ s) => s.keyspace} loading=${loading} problem=${problem} onRetry=${reload} expected=${3} columns=${COLUMNS} />
		</section>
		${keys && spaces && html`<div class="columns">
			<${Watch} title="Rotation due" spaces=${spaces.filter((/** @type {any} */ s) => s.rotation_due)} query=${{ due: true }} more="due=true" column=${["Rotate by", (/** @type {any} */ r) => r.rotate_by]} none="No key is due for rotation" />
			<${Watch} title="About to expire" spaces=${spaces.filter((/** @type {any} */ s) => s.expires_soon)} query=${{ expires_before: soon(), state: "active" }} more="expires=7&state=active&sort=expires" column=${["Expires", (/** @type {any} */ r) => r.expires_at]} none="No key is about to expire" />
			${grants(session.value?.scopes, "audit:read") && html`<${Graces} />`}
		</div>`}
	<//>`;
}

/** @type {import("../ui/table.js").Column[]} */
const COLUMNS = [
	{ title: "Keyspace", head: true, cell: (s) => html`<a href=${"/console/keys?keyspace=" + encodeURIComponent(s.keyspace)}>${s.keyspace}</a>${s.keyspace === "keywright" && html` <span class="hint">service keys</span>`}` },
	...["active", "disabled", "expired", "revoked"].map((state) => ({ title: state[0].toUpperCase() + state.slice(1), class: "number", cell: (/** @type {any} */ s) => (s.keys ? count(s.keys[state]) : html`<span class="faint">…</span>`) })),
	{ title: "Verified, 24 h", class: "number", cell: (s) => count(sum(s.verifications)) },
	{ title: "Refused", class: "number", cell: (s) => count(sum(s.verifications) - (s.verifications.VALID ?? 0)) },
	{ title: "Rotation due", class: "number", cell: (s) => count(s.rotation_due) },
	{ title: "Expires soon", class: "number", cell: (s) => count(s.expires_soon) },
];

/** @param {number | undefined} n */
const count = (n) => (n ? n.toLocaleString("en") : html`<span class="faint">0</span>`);

/** @param {Record<string, number>} of */
const sum = (of) => Object.values(of).reduce((a, b) => a + b, 0);

/** Within 7 days. */
const soon = () => new Date(Math.ceil(Date.now() / 3600000) * 3600000 + 7 * 86400000).toISOString();

/** @param {{spaces: any[] | undefined}} props */
function Tiles({ spaces }) {
	const all = (/** @type {(s: any) => number} */ of) => spaces?.reduce((a, s) => a + of(s), 0);
	const verified = all((s) => sum(s.verifications));
	const valid = all((s) => s.verifications.VALID ?? 0) ?? 0;
	const tile = (/** @type {string} */ label, /** @type {number | undefined} */ n, /** @type {string} */ hint) => html`<div class="panel tile"><span class="hint">${label}</span><span class="figure">${n === undefined ? "…" : n.toLocaleString("en")}</span><span class="hint">${hint}</span></div>`;
	return html`<div class="tiles">
		${tile("Active keys", spaces?.every((s) => s.keys) ? all((s) => s.keys.active) : undefined, "in all keyspaces")}
		${tile("Verifications", verified, verified ? `${Math.floor((valid / verified) * 1000) / 10} % VALID, in 24 hours` : "in 24 hours")}
		${tile("Rotation due", all((s) => s.rotation_due), "or about to be")}
		${tile("Expire soon", all((s) => s.expires_soon), "within 7 days")}
	</div>`;
}

/**
 * The first keys of those keyspaces that have some to look at.
 * @param {{title: string, spaces: any[], query: any, more: string, column: [string, (r: any) => string], none: string}} props
 */
function Watch({ title, spaces, query, more, column, none }) {
	const { data, problem, loading, reload } = useLoad(async (signal) => {
		const pages = await Promise.all(spaces.slice(0, FEW).map((s) => get("/v1/keys", { signal, query: { keyspace: s.keyspace, limit: FEW, ...query } })));
		return pages.flatMap((p) => p.keys).sort((a, b) => String(column[1](a)).localeCompare(String(column[1](b)))).slice(0, FEW);
	}, [spaces.map((s) => s.keyspace).join()]);
	return html`<section class="section" aria-label=${title}><h2>${title}</h2>
		<${Table} label=${title} rows=${data} id=${(/** @type {any} */ r) => r.id} loading=${loading} problem=${problem} onRetry=${reload} expected=${2} empty=${html`<${Empty} title=${none} />`} columns=${keyColumns(column)} />
		${spaces.map((s) => html`<a key=${s.keyspace} class="hint" href=${`/console/keys?keyspace=${encodeURIComponent(s.keyspace)}&${more}`}>All of ${s.keyspace}</a>`)}
	</section>`;
}

/** @param {[string, (r: any) => string]} column @returns {import("../ui/table.js").Column[]} */
const keyColumns = ([title, at]) => [
	{ title: "Key", head: true, cell: (r) => html`<${KeyName} of=${r} />` },
	{ title: "Owner", cell: (r) => html`<${Owner} of=${r.owner} />` },
	{ title, class: "nowrap", cell: (r) => html`<${Time} at=${at(r)} />` },
];

/** Leaked keys that still verify: the first thing to look at, so nothing is shown in their place where there are none. */
function OpenLeaks() {
	const { data, problem, loading, reload } = useLoad((signal) => get("/v1/leaks", { signal, query: { state: "open", limit: FEW } }), []);
	if (data && !data.leaks.length) return html`<p class="sentence"><${Badge} kind="good">no open leak<//> <a class="hint" href="/console/leaks">All leaks</a></p>`;
	return html`<section class="section" aria-label="Open leaks"><h2>Open leaks</h2>
		<${Table} label="Open leaks" rows=${data?.leaks} id=${(/** @type {any} */ l) => l.id} loading=${loading} problem=${olderWords(problem, "leaks", "/v1/leaks")} onRetry=${reload} expected=${1} columns=${LEAKS} />
		${data?.next_cursor && html`<a class="hint" href="/console/leaks?state=open">All open leaks</a>`}
	</section>`;
}

/** @type {import("../ui/table.js").Column[]} */
const LEAKS = [
	{ title: "Key", head: true, cell: (l) => html`<a class="mono nowrap" href=${"/console/leaks/" + encodeURIComponent(l.id)}>${l.public_id || l.key_id}</a>` },
	{ title: "Owner", cell: (l) => html`<${Owner} of=${l.owner} />` },
	{ title: "Where", cell: (l) => html`<${Seen} of=${l} />` },
	{ title: "Seen", class: "nowrap", cell: (l) => html`<${Time} at=${l.first_seen_at} />` },
	{ title: "What was done", class: "nowrap", cell: (l) => html`${actionWords(l)}${l.revoke_at && html` <${Time} at=${l.revoke_at} />`}` },
];

/** Keys that were rotated lately and whose old secret still verifies. */
function Graces() {
	const { data, problem, loading, reload } = useLoad(async (signal) => {
		const { events } = await get("/v1/events", { signal, query: { verb: "key.rotate", limit: 20 } });
		const ids = [...new Set(events.map((/** @type {any} */ e) => e.target))];
		const records = await Promise.all(ids.map((id) => get("/v1/keys/" + id, { signal }).catch(() => null)));
		return records.filter((r) => r && r.state === "active" && inGrace(r).length).slice(0, FEW);
	}, []);
	return html`<section class="section" aria-label="Lately rotated, in grace"><h2>Lately rotated, in grace</h2>
		<${Table} label="In grace" rows=${data} id=${(/** @type {any} */ r) => r.id} loading=${loading} problem=${problem} onRetry=${reload} expected=${2} empty=${html`<${Empty} title="No old secret is still valid" />`} columns=${[
			{ title: "Key", head: true, cell: (/** @type {any} */ r) => html`<${KeyName} of=${r} href=${`/console/keys/${r.id}/rotate`} />` },
			{ title: "Old one last used", class: "nowrap", cell: (/** @type {any} */ r) => html`<${Time} at=${inGrace(r)[0].last_used_at} />` },
			{ title: "Ends", class: "nowrap", cell: (/** @type {any} */ r) => html`<${Time} at=${inGrace(r)[0].expires_at} />` },
		]} />
	</section>`;
}
