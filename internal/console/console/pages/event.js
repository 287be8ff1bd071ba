// SPDX-License-Identifier: Apache-2.0

// One event of the audit chain, and links to what it is about.

import { html } from "../view.js";
import { Button, Copy, Dialog, Fact, Facts, Time } from "../ui.js";

/**
 * What an event names, as a link where there is a page for it.
 * @param {{id: string, short?: boolean}} props short: its last characters, which differ
 */
export function Target({ id, short }) {
	const to = pathOf(id ?? "");
	return to ? html`<a class="mono nowrap" href=${to} title=${short ? id : undefined}>${short ? id.replace(/^([a-z]+_).+(.{6})$/, "$1…$2") : id}</a>` : html`<bdi>${id}</bdi>`;
}

/** @param {string} id */
function pathOf(id) {
	if (id.startsWith("key_")) return `/console/keys/${encodeURIComponent(id)}`;
	if (id.startsWith("leak_")) return `/console/leaks/${encodeURIComponent(id)}`;
	if (id.startsWith("wh_")) return `/console/webhooks/${encodeURIComponent(id)}`;
	return "";
}

/** @param {{event: any, onClose: () => void}} props */
export function EventDialog({ event, onClose }) {
	return html`<${Dialog} title=${html`Event ${event.sequence}: <code>${event.verb}</code>`} onClose=${onClose} wide>
		<div class="stack">
			<${Facts}>
				<${Fact} label="When"><${Time} at=${event.time} exact /><//>
				<${Fact} label="By"><${Target} id=${event.actor} /><//>
				<${Fact} label="To"><${Target} id=${event.target} /><//>
				${event.keyspace && html`<${Fact} label="Keyspace">${event.keyspace}<//>`}
				${event.request_id && html`<${Fact} label="Request"><code>${event.request_id}</code><//>`}
			<//>
			<section><h3>What changed</h3>${event.changes.length > 0
				? html`<ul class="changes">${event.changes.map((/** @type {string} */ line, /** @type {number} */ i) => html`<li key=${i} dir="auto">${line}</li>`)}</ul>`
				: html`<p class="hint">Nothing of a record.</p>`}</section>
			${event.personal?.length > 0 && html`<section><h3>Personal fields</h3><${Facts}>
				${event.personal.map((/** @type {any} */ field) => html`<${Fact} key=${field.name} label=${field.name}>${field.salt ? html`<bdi>${field.value}</bdi>` : html`<span class="faint">erased</span>`}<//>`)}
			<//></section>`}
			<section><h3>In the chain</h3><${Facts}>
				<${Fact} label="Its hash"><code class="break">${event.hash}</code><//>
				<${Fact} label="The hash of the event before"><code class="break">${event.previous}</code><//>
			<//></section>
			<div class="actions"><${Button} kind="primary" onClick=${onClose}>Close<//><${Copy} text=${JSON.stringify(event, null, "\t")} label="Copy as JSON" /></div>
		</div>
	<//>`;
}
