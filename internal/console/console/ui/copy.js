// SPDX-License-Identifier: Apache-2.0

import { html, useEffect, useState } from "../view.js";
import { Button } from "./button.js";

/**
 * Copies a text; says whether it did.
 * @param {{text: string, label?: string, what?: string, kind?: any, onCopied?: () => void}} props what: named for those who do not see what stands beside.
 */
export function Copy({ text, label = "Copy", what, kind, onCopied }) {
	const [said, setSaid] = useState("");
	useEffect(() => {
		if (!said) return undefined;
		const timer = setTimeout(() => setSaid(""), 4000);
		return () => clearTimeout(timer);
	}, [said]);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			setSaid("Copied");
			onCopied?.();
		} catch {
			setSaid("The browser does not allow it: mark and copy it by hand");
		}
	};
	return html`<span class="copy"><${Button} small kind=${kind} onClick=${copy}>${label}${what && html`<span class="visually-hidden"> ${what}</span>`}<//><span class="hint" role="status">${said}</span></span>`;
}
