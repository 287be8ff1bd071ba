// SPDX-License-Identifier: Apache-2.0

// One leak, from exposure to end: where the key was seen, how it was used since, what hung on it, what was done.

import { html, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { useLive } from "../following.js";
import { useStore } from "../store.js";
import { session } from "../session.js";
import { grants } from "../scope.js";
import { Page } from "../layout.js";
import { Badge, Button, Fact, Facts, Notice, ProblemNotice, State, Table, Time, Waiting } from "../ui.js";
import { KeyName, nameOf, Owner, plain, States } from "../parts/names.js";
import { Receipt, RevokeDialog } from "../key/revoke.js";
import { Actor, Changes } from "../key/events.js";
import { Timeline } from "../leak/timeline.js";
import { LeakUses } from "../leak/uses.js";
import { actionWords, LeakState, Place, reporterWords, tookWords } from "../leak/words.js";

/** @param {{id: string}} props */
export default function LeakPage({ id }) {
	const { data: report, problem, reload } = useLoad((signal) => get("/v1/leaks/" + encodeURIComponent(id), { signal }), [id]);
	useLive((change) => (change.targets.has(id) || change.targets.has(report?.key_id ?? "")) && reload());
	const [open, setOpen] = useState(false);
	const scopes = useStore(session)?.scopes;
	if (!report) {
		return html`<${Page} title="Leak">${problem ? html`<${ProblemNotice} problem=${problem} title=${problem.status === 404 ? "There is no such leak here" : undefined}><p><a href="/console/leaks">All leaks</a></p><${Button} small onClick=${reload}>Try again<//><//>` : html`<${Waiting} />`}<//>`;
	}
	const may = grants(scopes, "keys:revoke") && report.record.state !== "revoked";
	const title = "Leak of " + nameOf(report.record);
	return html`<${Page} title=${title} label=${html`Leak of <bdi>${nameOf(report.record)}</bdi>`} actions=${may && html`<${Button} kind="danger" onClick=${() => setOpen(true)}>Revoke the key now<//>`}>
		<${ProblemNotice} problem=${problem} />
		<${What} report=${report} />
		${report.receipt && html`<${Receipt} receipt=${report.receipt} />`}
		<${Timeline} report=${report} />
		<${LeakUses} uses=${report.uses} />
		<${Sightings} report=${report} />
		<${Hangs} report=${report} />
		<${Acts} events=${report.events} />
		${open && html`<${RevokeDialog} record=${report.record} onClose=${() => setOpen(false)} onRevoked=${reload} />`}
	<//>`;
}

/** @param {{report: any}} props */
function What({ report }) {
	return html`<section class="panel section" aria-label="What leaked">
		<div class="section-head"><span class="mono break">${report.record.display}</span><span class="states"><${LeakState} of=${report} /> ${report.publishable && html`<${Badge}>publishable<//>`}</span></div>
		${report.decoy && html`<${Notice} kind="warn" title="It is a decoy: it opens nothing"><p>Planted: <bdi class="break">${plain(report.decoy.planted)}</bdi>. Where it was seen tells which place leaks.</p><//>`}
		${report.publishable && html`<${Notice} title="It is meant to be seen"><p>A publishable key is never ended by a report. Revoke it yourself if it is misused.</p><//>`}
		<${Facts}>
			<${Fact} label="Key"><${KeyName} of=${report.record} /> <${States} of=${report.record} /><//>
			<${Fact} label="Owner"><${Owner} of=${report.owner} /><//>
			<${Fact} label="Keyspace">${report.keyspace}<//>
			<${Fact} label="Format">${report.kind}<//>
			<${Fact} label="Seen first"><${Time} at=${report.first_seen_at} /><//>
			<${Fact} label="Reported first"><${Time} at=${report.reported_at} /><//>
			<${Fact} label="What was done">${actionWords(report)}${report.revoke_at && !report.ended_at && html` <${Time} at=${report.revoke_at} />`}<//>
			<${Fact} label="From report to end">${tookWords(report)}<//>
		<//>
		${!report.ended_at && report.record.state === "active" && !report.publishable && !report.decoy && html`<p class="hint"><a href=${`/console/keys/${report.key_id}/rotate`}>Rotate the key</a> to give its owner another secret before this one ends.</p>`}
	</section>`;
}

/** @type {import("../ui/table.js").Column[]} */
const SIGHTINGS = [
	{ title: "Where", head: true, class: "wide-cell", cell: (s) => html`<${Place} url=${s.url} />` },
	{ title: "Kind of place", cell: (s) => html`<bdi>${plain(s.source)}</bdi>` },
	{ title: "Reported by", cell: (s) => html`<span class="nowrap" title=${s.reporter}>${reporterWords(s)}</span>` },
	{ title: "Seen", class: "nowrap", cell: (s) => html`<${Time} at=${s.found_at} none="not told" />` },
];

/** @param {{report: any}} props */
function Sightings({ report }) {
	const total = report.sightings_total;
	return html`<section class="section" aria-label="Where it was seen"><h2>Where it was seen</h2>
		<div class="tall"><${Table} label="Sightings" rows=${report.sightings} columns=${SIGHTINGS} /></div>
		${total > report.sightings.length && html`<p class="hint">The first ${report.sightings.length} of ${total.toLocaleString("en")}.</p>`}
	</section>`;
}

/** What hung on the key. @param {{report: any}} props */
function Hangs({ report }) {
	const { children, tokens_until: until } = report;
	return html`<section class="panel section" aria-label="What hung on it"><h2>What hung on it</h2>
		${children.length ? html`<p>Keys that were made from it. ${report.record.state === "revoked" ? "They are refused since it ended, whatever their own state says:" : "They end with it:"}</p>
			<ul class="tree">${children.map((/** @type {any} */ c) => html`<li key=${c.key_id} class="twig"><a class="name" dir="auto" href=${"/console/keys/" + c.key_id}>${plain(c.name || c.key_id)}</a><${State} of=${c.state} /></li>`)}</ul>` : html`<p>No key was made from it.</p>`}
		${until ? html`<p>A token that it was exchanged for may be accepted until <${Time} at=${until} exact /> by whoever verifies offline and does not follow the revocations.</p>` : html`<p>No token that it was exchanged for is left.</p>`}
	</section>`;
}

/** What was done to the key since, oldest first. @param {{events: any[]}} props */
function Acts({ events }) {
	return html`<section class="section" aria-label="Events"><h2>Events since it was seen</h2>
		<${Table} label="Events since it was seen" rows=${events} id=${(/** @type {any} */ e) => e.sequence} columns=${[
			{ title: "When", head: true, class: "nowrap", cell: (/** @type {any} */ e) => html`<${Time} at=${e.time} />` },
			{ title: "What", class: "nowrap", cell: (/** @type {any} */ e) => html`<code>${e.verb}</code>` },
			{ title: "Who", cell: (/** @type {any} */ e) => html`<${Actor} of=${e.actor} />` },
			{ title: "Changes", cell: (/** @type {any} */ e) => html`<${Changes} of=${e} />` },
		]} />
	</section>`;
}
