// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Field } from "../ui.js";
import { number } from "./limits.js";

/** @typedef {{remaining: string, refill: string, amount: string, every: string, day: string}} CreditsDraft refill: none, add or reset by interval, or day */

/** @param {CreditsDraft} c */
export function creditsOf(c) {
	return { remaining: number(c.remaining), ...(c.refill !== "none" && { refill: refillOf(c) }) };
}

/** @param {CreditsDraft} c */
export function refillOf(c) {
	const [when, mode] = c.refill.split("-");
	return { amount: number(c.amount), ...(when === "day" ? { day: number(c.day) } : { every: c.every.trim() }), mode };
}

const REFILLS = [["none", "By hand only"], ["every-add", "Add at an interval"], ["every-reset", "Set anew at an interval"], ["day-add", "Add on a day of the month"], ["day-reset", "Set anew on a day of the month"]];

/** @param {{value: CreditsDraft, onChange: (c: CreditsDraft) => void, problem?: any}} props */
export function CreditsFields({ value, onChange, problem }) {
	const text = (/** @type {keyof CreditsDraft} */ name, /** @type {string} */ label, /** @type {string} */ field) => html`<${Field} label=${label} name=${field} problem=${problem}>
		${(/** @type {any} */ a) => html`<input ...${a} class="mono" value=${value[name]} inputmode=${name === "every" ? undefined : "numeric"} onInput=${(/** @type {any} */ e) => onChange({ ...value, [name]: e.target.value })} />`}
	<//>`;
	return html`<div class="fields">
		${text("remaining", "Begins with", "credits.remaining")}
		<${Field} label="Filled up">${(/** @type {any} */ a) => html`<select ...${a} value=${value.refill} onChange=${(/** @type {any} */ e) => onChange({ ...value, refill: e.target.value })}>
			${REFILLS.map(([v, label]) => html`<option key=${v} value=${v} selected=${v === value.refill}>${label}</option>`)}
		</select>`}<//>
		${value.refill !== "none" && text("amount", "By", "credits.refill.amount")}
		${value.refill.startsWith("every") && text("every", "Every", "credits.refill.every")}
		${value.refill.startsWith("day") && text("day", "On day (1 to 28)", "credits.refill.day")}
	</div>`;
}
