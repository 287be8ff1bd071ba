// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";

/**
 * @param {{kind?: "primary" | "danger" | "menu" | "plain", small?: boolean, busy?: boolean, type?: string, children?: any, class?: string, [name: string]: any}} props
 */
export function Button({ kind, small, busy, type = "button", children, class: more, onClick, ...rest }) {
	const name = [kind, small && "small", busy && "busy", more].filter(Boolean).join(" ");
	// A busy button keeps the focus, so it is not disabled: it does nothing.
	return html`<button type=${type} class=${name} aria-busy=${busy ? "true" : undefined} aria-disabled=${busy ? "true" : undefined}
		onClick=${(/** @type {Event} */ event) => (busy ? event.preventDefault() : onClick?.(event))} ...${rest}>${children}</button>`;
}
