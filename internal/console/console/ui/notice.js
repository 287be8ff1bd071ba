// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";

/** @param {{kind?: "warn" | "bad" | "good", title?: any, children?: any, role?: string}} props */
export function Notice({ kind, title, children, role }) {
	return html`<div class=${"notice " + (kind ?? "")} role=${role}>
		${title && html`<strong class="notice-title">${title}</strong>`}
		<div>${children}</div>
	</div>`;
}

/**
 * A problem of the server, in its words: what is wrong, and what would do.
 * @param {{problem: any, title?: string, children?: any}} props
 */
export function ProblemNotice({ problem, title, children }) {
	return html`<div role="alert">${problem && html`<${Notice} kind="bad" title=${title}>
		<p class="sentence">${sentence(problem.detail ?? String(problem.message ?? problem))}</p>
		${problem.hint && html`<p class="sentence">${sentence(problem.hint)}</p>`}
		${children}
		${problem.requestId && problem.status >= 500 && html`<p class="hint">Request <code>${problem.requestId}</code></p>`}
	<//>`}</div>`;
}

/** A sentence with a capital letter and a full stop. @param {string} text */
export function sentence(text) {
	const first = text.charAt(0).toUpperCase() + text.slice(1);
	return /[.!?…]$/.test(first) ? first : first + ".";
}

/** @param {{children?: any}} props */
export function Waiting({ children = "Loading…" }) {
	return html`<p class="waiting" role="status">${children}</p>`;
}

/** @param {{title: any, children?: any}} props */
export function Empty({ title, children }) {
	return html`<div class="empty"><p><strong>${title}</strong></p>${children}</div>`;
}
