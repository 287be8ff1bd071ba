// SPDX-License-Identifier: Apache-2.0

import { html, useId } from "../view.js";
import { ProblemNotice, sentence } from "./notice.js";

/**
 * A label with its input, its hint, and the problem that the server has with it. The child is a function of the attributes
 * that tie them together.
 * @param {{label: any, hint?: any, name?: string | string[], problem?: any, error?: string, optional?: boolean, class?: string, children: (attributes: any) => any}} props
 * name: the field of the request, to which a problem belongs.
 */
export function Field({ label, hint, name, problem, error, optional, class: more, children }) {
	const id = useId();
	const said = error || (isAbout(problem, name) ? sentence(problem.detail) + (problem.hint ? " " + sentence(problem.hint) : "") : "");
	const attributes = {
		id,
		"aria-describedby": [hint && id + "-hint", said && id + "-problem"].filter(Boolean).join(" ") || undefined,
		"aria-invalid": said ? "true" : undefined,
	};
	return html`<div class=${"field " + (more ?? "")}>
		<label for=${id}>${label}${optional && html` <span class="hint">(optional)</span>`}</label>
		${children(attributes)}
		${hint && html`<div class="hint" id=${id + "-hint"}>${hint}</div>`}
		<div class="problem" id=${id + "-problem"} aria-live="polite">${said}</div>
	</div>`;
}

/** @param {any} problem @param {string | string[] | undefined} name */
export function isAbout(problem, name) {
	if (!problem?.field || !name) return false;
	const field = String(problem.field).replace(/^body\./, "");
	return [name].flat().some((n) => field === n || field.startsWith(n + ".") || field.startsWith(n + "["));
}

/**
 * The problem of a form, unless a field of it shows it.
 * @param {{problem: any, fields: string[], title?: string, children?: any}} props
 */
export function FormProblem({ problem, fields, title, children }) {
	return html`<${ProblemNotice} problem=${isAbout(problem, fields) ? null : problem} title=${title}>${children}<//>`;
}

/**
 * A checkbox or radio button with its label.
 * @param {{label: any, hint?: any, type?: string, [name: string]: any}} props
 */
export function Choice({ label, hint, type = "checkbox", ...rest }) {
	const id = useId();
	return html`<div class="choice">
		<input type=${type} id=${id} aria-describedby=${hint ? id + "-hint" : undefined} ...${rest} />
		<div><label for=${id}>${label}</label>${hint && html`<div class="hint" id=${id + "-hint"}>${hint}</div>`}</div>
	</div>`;
}
