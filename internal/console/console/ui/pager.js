// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Button } from "./button.js";

/**
 * Walks a list by cursors: on, and back to the start. However long the list is, a page costs the same.
 * @param {{cursor?: string, next?: string, onGo: (cursor: string) => void, onBack?: () => void, busy?: boolean, children?: any}} props
 * cursor: of the page that is shown, empty on the first; next: of the one after it; onBack: to the page before.
 */
export function Pager({ cursor, next, onGo, onBack, busy, children }) {
	return html`<nav class="pager" aria-label="Pages of the list">
		<span class="hint">${children}</span>
		<${Button} small disabled=${!cursor} onClick=${() => onGo("")}>First<//>
		${onBack && html`<${Button} small disabled=${!cursor} onClick=${onBack}>Back<//>`}
		<${Button} small disabled=${!next} busy=${busy && Boolean(next)} onClick=${() => onGo(next ?? "")}>Next<//>
	</nav>`;
}
