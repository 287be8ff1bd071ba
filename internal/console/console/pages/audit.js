// SPDX-License-Identifier: Apache-2.0

// The audit chain, newest first: who did what to what.

import { html, useEffect, useRef, useState } from "../view.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";
import { setQuery, useQuery } from "../router.js";
import { useLive } from "../following.js";
import { Page } from "../layout.js";
import { Button, Empty, Field, Pager, Table, Time } from "../ui.js";
import { KeyspaceField, useKeyspaces } from "../parts/keyspacefield.js";
import { EventDialog, Target } from "./event.js";
import { VERBS } from "./verbs.js";
import { counted } from "./policywords.js";
import { save } from "./download.js";

const LIMIT = 50;
const FILTERS = ["keyspace", "target", "actor", "verb", "since", "until"];

export default function Audit() {
	const query = useQuery();
	const [open, setOpen] = useState(/** @type {any} */ (null));
	const [follow, setFollow] = useState(true);
	const [waiting, setWaiting] = useState(0);
	const filters = Object.fromEntries(FILTERS.map((name) => [name, name === "since" || name === "until" ? moment(query[name]) : query[name]]));
	const { data, problem, loading, reload } = useLoad((signal) => {
		setWaiting(0);
		return get("/v1/events", { query: { ...filters, cursor: query.cursor, limit: LIMIT }, signal });
	}, [JSON.stringify(filters), query.cursor]);
	useLive((change) => (follow && !query.cursor ? reload() : setWaiting(waiting + change.events.length)));
	const events = data?.events;
	/** @type {import("../ui/table.js").Column[]} */
	const columns = [
		{ title: "Event", head: true, class: "nowrap", cell: (e) => html`<${Button} kind="plain" small aria-label=${`Event ${e.sequence}, ${e.verb}`} onClick=${() => setOpen(e)}>${e.sequence}<//>` },
		{ title: "When", class: "nowrap", cell: (e) => html`<${Time} at=${e.time} />` },
		{ title: "What", cell: (e) => html`<code>${e.verb}</code>` },
		{ title: "To", cell: (e) => html`<${Target} id=${e.target} />` },
		{ title: "By", cell: (e) => html`<${Target} id=${e.actor} short />` },
		{ title: "Keyspace", cell: (e) => e.keyspace ?? "" },
		{ title: "Changes", cell: (e) => html`<span class="name" dir="auto">${e.changes.join(" · ")}</span>` },
	];
	const actions = html`
		<${Button} aria-pressed=${follow} onClick=${() => setFollow(!follow)}>Follow<//>
		<${Button} disabled=${!events?.length} onClick=${() => save("events.ndjson", "application/x-ndjson", events.map((/** @type {any} */ e) => JSON.stringify(e) + "\n"))}>Download these<//>
		<a class="button" href="/console/chain">Is the chain whole?</a>`;
	return html`<${Page} title="Audit" actions=${actions} intro="Every change leaves one event, written together with it. Nobody can change an event afterwards without breaking the chain.">
		<${Filters} query=${query} />
		<div role="status">${waiting > 0 && (query.cursor || !follow) && html`<${Button} small onClick=${() => (query.cursor ? setQuery({ cursor: undefined }) : reload())}>${counted(waiting, "new event")}: show the newest<//>`}</div>
		<${Table} label="Events" columns=${columns} rows=${events} id=${(/** @type {any} */ e) => e.sequence} loading=${loading} problem=${problem} onRetry=${reload} expected=${10}
			empty=${html`<${Empty} title="No events that fit" />`} />
		<${Pager} cursor=${query.cursor} next=${data?.next_cursor} busy=${loading} onGo=${(/** @type {string} */ cursor) => setQuery({ cursor })}>${events && counted(events.length, "event")}<//>
		${open && html`<${EventDialog} event=${open} onClose=${() => setOpen(null)} />`}
	<//>`;
}

/**
 * moment reads what a field for a time gives, as UTC.
 * @param {string | undefined} value
 */
function moment(value) {
	return value && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value) ? value + ":00Z" : value;
}

/** @param {{query: Record<string, string>}} props */
function Filters({ query }) {
	const { names } = useKeyspaces({ reserved: true });
	const list = useRef(`verbs-${Math.random().toString(36).slice(2)}`).current;
	/** @param {string} name @param {string} label @param {any} [more] */
	const field = (name, label, more) => html`<${Filter} label=${label} name=${name} value=${query[name] ?? ""} more=${more} />`;
	return html`<form class="filters" role="search" aria-label="Events" onSubmit=${(/** @type {Event} */ e) => e.preventDefault()}>
		<${KeyspaceField} names=${names} value=${query.keyspace ?? ""} any="All" onChange=${(/** @type {string} */ keyspace) => setQuery({ keyspace, cursor: undefined })} />
		${field("target", "To (id or name)")}
		${field("actor", "By (id or word)")}
		${field("verb", "What", { list })}
		<datalist id=${list}>${VERBS.map((verb) => html`<option key=${verb} value=${verb} />`)}</datalist>
		${field("since", "Since (UTC)", { type: "datetime-local", class: "moment" })}
		${field("until", "Until (UTC)", { type: "datetime-local", class: "moment" })}
		<${Button} kind="plain" disabled=${!FILTERS.some((name) => query[name])} onClick=${() => setQuery(Object.fromEntries([...FILTERS, "cursor"].map((name) => [name, undefined])))}>Clear<//>
	</form>`;
}

/**
 * A field that filters when it is left or Enter is pressed. What is typed until then is its own: the page may be drawn again.
 * @param {{name: string, label: string, value: string, more?: any}} props
 */
function Filter({ name, label, value, more }) {
	const [text, setText] = useState(value);
	useEffect(() => setText(value), [value]);
	return html`<${Field} label=${label} class=${more?.class}>${(/** @type {any} */ a) => html`<input ...${a} ...${more} value=${text} autocomplete="off" autocapitalize="none" spellcheck=${false}
		onInput=${(/** @type {any} */ e) => setText(e.target.value)} onChange=${(/** @type {any} */ e) => setQuery({ [name]: e.target.value.trim(), cursor: undefined })} />`}<//>`;
}
