// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Choice, Field } from "../ui.js";

/** @typedef {{kind: string, duration?: string, idle?: string, atMost?: string}} Grace */

/** A grace as the server takes it; nothing: as the keyspace says. @param {Grace} g */
export function graceOf(g) {
	if (g.kind === "none") return "0s";
	if (g.kind === "duration") return g.duration || "24h";
	if (g.kind === "idle") return { idle: g.idle || "24h", at_most: g.atMost || "720h" };
	return undefined;
}

/**
 * How long the secret before lives on.
 * @param {{value: Grace, onChange: (g: Grace) => void, problem?: any, standard?: string}} props standard: what the keyspace says.
 */
export function GraceField({ value, onChange, problem, standard }) {
	const set = (/** @type {Partial<Grace>} */ change) => onChange({ ...value, ...change });
	const radio = (/** @type {string} */ kind, /** @type {any} */ label, /** @type {any} */ hint) => html`<${Choice} type="radio" name="grace" label=${label} hint=${hint} checked=${value.kind === kind} onChange=${() => set({ kind })} />`;
	const text = (/** @type {"duration" | "idle" | "atMost"} */ name, /** @type {string} */ label, /** @type {string} */ usual) => html`<${Field} label=${label} name="grace" problem=${problem}>
		${(/** @type {any} */ a) => html`<input ...${a} value=${value[name] ?? usual} onInput=${(/** @type {any} */ e) => set({ [name]: e.target.value })} class="mono short" autocapitalize="none" spellcheck=${false} />`}
	<//>`;
	return html`<fieldset class="stack tight">
		<legend>The secret before</legend>
		${radio("default", "lives on as the keyspace says", standard || "24 hours, unless its policy says otherwise")}
		${radio("duration", "lives on for a time")}
		${value.kind === "duration" && html`<div class="indent">${text("duration", "For", "24h")}</div>`}
		${radio("idle", "lives on until it is not used any more", "The best way if you do not know who still uses it.")}
		${value.kind === "idle" && html`<div class="indent fields">${text("idle", "Ends once it was not used for", "24h")}${text("atMost", "And in any case after", "30d")}</div>`}
		${radio("none", "ends now", "If it has leaked. What still uses it is refused at once.")}
	</fieldset>`;
}
