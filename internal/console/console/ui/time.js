// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { store, useStore } from "../store.js";

const turn = store(0);
setInterval(() => turn.set(turn.value + 1), 20000);

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** @param {string | Date} at @param {number} [from] */
export function relative(at, from = Date.now()) {
	const seconds = (new Date(at).getTime() - from) / 1000;
	const [unit, size] = UNITS.find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
	return Math.abs(seconds) < 5 ? "now" : RELATIVE.format(Math.round(seconds / size), unit);
}

/** A time in UTC, as people read it. @param {string | Date} at */
export const absolute = (at) => new Date(at).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC").replace(/Z$/, " UTC");

/**
 * A time, told from now; the exact one is in the title, or beside it.
 * @param {{at?: string, none?: string, exact?: boolean}} props none: what is said where there is no time.
 */
export function Time({ at, none = "never", exact }) {
	useStore(turn); // drawn again now and then
	if (!at || at.startsWith("0001-")) return html`<span class="faint">${none}</span>`;
	return html`<time datetime=${at} title=${absolute(at)}>${relative(at)}${exact && html` <span class="faint">(${absolute(at)})</span>`}</time>`;
}
