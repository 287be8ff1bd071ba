// SPDX-License-Identifier: Apache-2.0

// What is said of a leak: what became of it, where it was seen, and how long that took.

import { html } from "../view.js";
import { Badge } from "../ui.js";
import { plain } from "../parts/names.js";

/** What a report did. @type {Record<string, string>} */
const ACTIONS = { revoked: "revoked", scheduled: "to be revoked", reported: "told, not revoked", none: "nothing to do" };

/** @param {{action?: string}} leak */
export const actionWords = (leak) => ACTIONS[leak.action ?? ""] ?? leak.action ?? "";

/** Whether a leak is at its end. @param {{of: any}} props */
export const LeakState = ({ of }) => (of.ended_at ? html`<${Badge} kind="good">ended<//>` : html`<${Badge} kind="bad">open<//>`);

/** @type {[string, number][]} */
const SPANS = [["day", 86400000], ["hour", 3600000], ["minute", 60000], ["second", 1000]];

/**
 * A span of time as people say it; below ten seconds to the millisecond, for that is how fast a report ends a key.
 * @param {number | undefined} ms
 */
export function spanWords(ms) {
	if (ms === undefined || ms === null) return "";
	if (ms < 1) return "at once";
	if (ms < 1000) return `${Math.round(ms)} ms`;
	if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
	const at = SPANS.findIndex(([, size]) => ms >= size);
	const [word, size] = SPANS[at];
	const n = Math.floor(ms / size);
	const said = (/** @type {number} */ k, /** @type {string} */ w) => `${k.toLocaleString("en")} ${w}${k === 1 ? "" : "s"}`;
	const next = SPANS[at + 1];
	const rest = next ? Math.floor((ms - n * size) / next[1]) : 0;
	return rest ? `${said(n, word)} ${said(rest, next[0])}` : said(n, word);
}

/** How long it took from the first report to the end. @param {any} leak */
export function tookWords(leak) {
	if (!leak.ended_at) return html`<span class="faint">not ended</span>`;
	return leak.took_ms === undefined ? html`<span class="faint">ended before</span>` : spanWords(leak.took_ms);
}

/** The same beside what was done; nothing, where it did not end by then. @param {any} leak */
export const afterWords = (leak) => (leak.took_ms === undefined ? "" : leak.took_ms < 1 ? "at once" : `${spanWords(leak.took_ms)} after the report`);

/** Who reported a sighting: a service key, by the last of its id, or a word. @param {any} sighting */
export const reporterWords = (sighting) => plain((sighting?.reporter ?? "").replace(/^(key_).+(.{6})$/, "$1…$2")) || "somebody";

/**
 * Where a key was seen. It was written by whoever reported it: only what is an address of the web becomes a link.
 * @param {{url?: string, short?: boolean}} props short: as much as a row has room for
 */
export function Place({ url, short }) {
	if (!url) return html`<span class="faint">not told</span>`;
	const text = plain(url);
	const shown = html`<bdi class=${short ? "name" : "break"}>${short ? text.replace(/^https?:\/\//, "") : text}</bdi>`;
	if (!/^https?:\/\//i.test(url)) return shown;
	return html`<a href=${url} target="_blank" rel="noopener noreferrer nofollow" title=${short ? text : undefined}>${shown}<span class="visually-hidden"> (in a new tab)</span></a>`;
}

/** Where a leak was seen first, and how often else. @param {{of: any}} props */
export function Seen({ of }) {
	const more = (of.sightings_total ?? of.sightings?.length ?? 0) - 1;
	return html`<${Place} url=${of.sightings?.[0]?.url} short />${more > 0 && html` <span class="hint nowrap">and ${more.toLocaleString("en")} more</span>`}`;
}

/** The title of a problem with a list that an older server does not have. @param {any} problem @param {string} what @param {string} route */
export function olderWords(problem, what, route) {
	if (problem?.status !== 404) return problem;
	return { detail: `this server does not know ${what}`, hint: `it is older than these pages, or a proxy before it does not pass ${route} on` };
}
