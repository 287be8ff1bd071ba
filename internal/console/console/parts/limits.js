// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Button, Choice, Field } from "../ui.js";
import { isAbout } from "../ui/field.js";

/** @typedef {{name: string, limit: string, window: string, burst: string, auto: boolean}} LimitDraft */

/** @param {any[] | undefined} limits @returns {LimitDraft[]} */
export const limitDrafts = (limits) => (limits ?? []).map((l) => ({ name: l.name, limit: String(l.limit), window: l.window, burst: l.burst ? String(l.burst) : "", auto: Boolean(l.auto) }));

/** @param {LimitDraft[]} drafts */
export const limitsOf = (drafts) => drafts.map((d) => ({ name: d.name.trim(), limit: number(d.limit), window: d.window.trim(), burst: d.burst ? number(d.burst) : undefined, auto: d.auto || undefined }));

/** A number; what is none is sent as it is, for the server to say so. @param {string} text */
export const number = (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text);

/**
 * Rate limits, one a row.
 * @param {{value: LimitDraft[], onChange: (l: LimitDraft[]) => void, problem?: any}} props
 */
export function LimitsField({ value, onChange, problem }) {
	const set = (/** @type {number} */ i, /** @type {Partial<LimitDraft>} */ change) => onChange(value.map((l, j) => (i === j ? { ...l, ...change } : l)));
	const text = (/** @type {number} */ i, /** @type {"name" | "limit" | "window" | "burst"} */ name, /** @type {string} */ label, /** @type {boolean} */ optional = false) => html`<${Field} label=${label} optional=${optional} name=${`limits[${i}].${name}`} problem=${problem}>
		${(/** @type {any} */ a) => html`<input ...${a} class="mono" value=${value[i][name]} inputmode=${name === "limit" || name === "burst" ? "numeric" : undefined} onInput=${(/** @type {any} */ e) => set(i, { [name]: e.target.value })} autocomplete="off" autocapitalize="none" spellcheck=${false} />`}
	<//>`;
	const general = isAbout(problem, "limits") && !/^limits\[\d+\]\.(name|limit|window|burst)$/.test(problem.field);
	return html`<div class="stack tight">
		${value.map((l, i) => html`<fieldset key=${i} class="limit-row">
			<legend class="visually-hidden">Limit ${l.name || i + 1}</legend>
			${text(i, "name", "Name")}${text(i, "limit", "Units")}${text(i, "window", "In each")}${text(i, "burst", "At once", true)}
			<${Choice} label="At every verification" checked=${l.auto} onChange=${(/** @type {any} */ e) => set(i, { auto: e.target.checked })} />
			<${Button} small onClick=${() => onChange(value.filter((_, j) => j !== i))}>Take out<span class="visually-hidden"> the limit ${l.name}</span><//>
		</fieldset>`)}
		${general && html`<p class="problem" role="alert">${problem.detail}. ${problem.hint}</p>`}
		<div class="actions"><${Button} small disabled=${value.length >= 8} onClick=${() => onChange([...value, { name: value.length ? "" : "requests", limit: "100", window: "1m", burst: "", auto: true }])}>Add a limit<//></div>
	</div>`;
}
