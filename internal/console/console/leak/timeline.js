// SPDX-License-Identifier: Apache-2.0

// A leak from exposure to end, in the order of time.

import { html } from "../view.js";
import { Badge } from "../ui.js";
import { absolute, relative } from "../ui/time.js";
import { Place, reporterWords, spanWords } from "./words.js";

const FEW = 6; // sightings that are told one by one

/**
 * @typedef {{at: string, what: any, more?: any, kind?: string, planned?: boolean}} Step
 */

/** @param {any} report @returns {Step[]} */
export function stepsOf(report) {
	const steps = [{ at: report.record.created_at, what: report.decoy ? "The decoy was issued" : "The key was issued" }, ...sightings(report), ...uses(report)];
	if (report.revoke_at && !report.ended_at) steps.push({ at: report.revoke_at, what: "It will be revoked", more: "The policy of the keyspace gives its owner until then.", planned: true });
	if (report.ended_at) {
		const took = report.took_ms === undefined ? "Before it was reported." : report.took_ms < 1 ? "At once with the first report." : `${spanWords(report.took_ms)} after the first report.`;
		steps.push({ at: report.ended_at, what: report.record.revoked_at ? "The key was revoked" : "The leaked secret ended", more: took, kind: "good" });
	}
	if (report.tokens_until) steps.push({ at: report.tokens_until, what: "The last token that it may have been exchanged for ends", planned: Date.parse(report.tokens_until) > Date.now() });
	return steps.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Where it was seen, and that it was told. @param {any} report @returns {Step[]} */
function sightings(report) {
	/** @type {Step[]} */
	const steps = [];
	for (const s of report.sightings.slice(0, FEW)) {
		const seen = s.found_at && s.found_at !== s.reported_at;
		if (seen) steps.push({ at: s.found_at, what: "Seen", more: html`<${Place} url=${s.url} />`, kind: "bad" });
		steps.push({ at: s.reported_at, what: `Reported by ${reporterWords(s)}${s.source && s.source !== "unknown" ? ` (${s.source})` : ""}`, more: !seen && html`<${Place} url=${s.url} />`, kind: "warn" });
	}
	const rest = report.sightings_total - FEW;
	if (rest > 0) steps.push({ at: report.sightings[FEW].reported_at, what: `Reported ${rest.toLocaleString("en")} times more`, kind: "warn" });
	return steps;
}

/** That it was used since, as far as it was counted. @param {any} report @returns {Step[]} */
function uses({ uses: of, record }) {
	const accepted = of.hours.filter((/** @type {any} */ h) => h.code === "VALID" && h.count > 0);
	const count = accepted.reduce((/** @type {number} */ sum, /** @type {any} */ h) => sum + h.count, 0);
	const hours = accepted.map((/** @type {any} */ h) => h.hour).sort();
	if (!count) return [];
	// An hour is counted as a whole: the first one may have begun before the key was seen.
	const at = new Date(Math.max(Date.parse(hours[0]), Date.parse(of.since), Date.parse(record.created_at))).toISOString();
	return [{ at, what: `Accepted ${count.toLocaleString("en")} ${count === 1 ? "time" : "times"} since it was seen`, more: hours.length > 1 ? `Last in the hour of ${absolute(hours[hours.length - 1])}.` : "", kind: "bad" }];
}

/** @param {{report: any}} props */
export function Timeline({ report }) {
	return html`<section class="panel section" aria-label="From exposure to end"><h2>From exposure to end</h2>
		<ol class="timeline">${stepsOf(report).map((step, i) => html`<li key=${i} class=${step.kind ?? ""}>
			<time datetime=${step.at} title=${relative(step.at)}>${absolute(step.at)}</time>
			<div><strong>${step.what}</strong>${step.planned && html` <${Badge} kind="warn">to come<//>`}${step.more && html`<div class="hint">${step.more}</div>`}</div>
		</li>`)}</ol>
	</section>`;
}
