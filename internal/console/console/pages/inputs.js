// SPDX-License-Identifier: Apache-2.0

// Fields of forms whose values are texts in one object.

import { html } from "../view.js";
import { Button, Choice, Field } from "../ui.js";

/**
 * @typedef {object} Form
 * @property {any} values
 * @property {(changes: any) => void} set changes some of the values
 * @property {any} [problem] of the server, with the name of the control in its field
 * @property {string} [path] before the names of the controls, with a dot
 */

/** @param {Form} form @param {string} name */
const control = (form, name) => (form.path ?? "") + name;

/**
 * @param {{form: Form, name: string, label: any, hint?: any, optional?: boolean, class?: string, mono?: boolean, [rest: string]: any}} props
 */
export function Text({ form, name, label, hint, optional, class: more, mono, ...rest }) {
	return html`<${Field} label=${label} hint=${hint} optional=${optional} class=${more} name=${control(form, name)} problem=${form.problem}>
		${(/** @type {any} */ a) => html`<input ...${a} ...${rest} class=${mono ? "mono" : ""} value=${form.values[name]} autocomplete="off" autocapitalize="none" spellcheck=${false}
			onInput=${(/** @type {any} */ e) => form.set({ [name]: e.target.value })} />`}
	<//>`;
}

/** Lines of text: a list. @param {{form: Form, name: string, label: any, hint?: any, optional?: boolean, class?: string, rows?: number}} props */
export function Lines({ form, name, label, hint, optional, class: more, rows = 3 }) {
	return html`<${Field} label=${label} hint=${hint} optional=${optional} class=${more} name=${control(form, name)} problem=${form.problem}>
		${(/** @type {any} */ a) => html`<textarea ...${a} rows=${rows} class="mono" autocapitalize="none" spellcheck=${false} value=${form.values[name]}
			onInput=${(/** @type {any} */ e) => form.set({ [name]: e.target.value })} />`}
	<//>`;
}

/**
 * @param {{form: Form, name: string, label: any, hint?: any, class?: string, options: [string, string][]}} props options: value and text
 */
export function Select({ form, name, label, hint, class: more, options }) {
	return html`<${Field} label=${label} hint=${hint} class=${more} name=${control(form, name)} problem=${form.problem}>
		${(/** @type {any} */ a) => html`<select ...${a} value=${form.values[name]} onChange=${(/** @type {any} */ e) => form.set({ [name]: e.target.value })}>
			${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
		</select>`}
	<//>`;
}

/** @param {{form: Form, name: string, label: any, hint?: any}} props */
export function Check({ form, name, label, hint }) {
	return html`<${Choice} label=${label} hint=${hint} checked=${form.values[name]} onChange=${(/** @type {any} */ e) => form.set({ [name]: e.target.checked })} />`;
}

/**
 * Rows of fields that can be added and taken away.
 * @param {{form: Form, name: string, of: string, empty: () => any, none: any, children: (row: Form, i: number) => any}} props of: what a row is called
 */
export function Rows({ form, name, of, empty, none, children }) {
	const rows = form.values[name];
	const own = form.problem?.field === control(form, name) ? form.problem : null;
	const set = (/** @type {any[]} */ next) => form.set({ [name]: next });
	/** @param {any} event @param {number} i */
	const remove = (event, i) => {
		const list = event.currentTarget.closest(".rows");
		set(rows.filter((/** @type {any} */ _, /** @type {number} */ n) => n !== i));
		list.querySelector("button.add").focus();
	};
	return html`<div class="rows">
		${rows.length === 0 && html`<p class="hint">${none}</p>`}
		${rows.map((/** @type {any} */ row, /** @type {number} */ i) => html`<div class="row" key=${i} role="group" aria-label=${`${of} ${i + 1}`}>
			${children({ values: row, problem: form.problem, path: `${control(form, name)}[${i}].`, set: (changes) => set(rows.map((/** @type {any} */ r, /** @type {number} */ n) => (n === i ? { ...r, ...changes } : r))) }, i)}
			<${Button} small class="remove" aria-label=${`Remove ${of} ${i + 1}`} onClick=${(/** @type {any} */ e) => remove(e, i)}>Remove<//>
		</div>`)}
		<div role="alert">${own && html`<p class="problem">${own.detail}. ${own.hint}</p>`}</div>
		<${Button} small class="add" onClick=${() => set([...rows, empty()])}>Add a ${of}<//>
	</div>`;
}
