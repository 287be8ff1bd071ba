// SPDX-License-Identifier: Apache-2.0

import { html, useEffect, useId, useRef } from "../view.js";

/**
 * A dialog over the page. Shown while it is drawn; the focus goes back to where it was.
 * @param {{title: any, onClose: () => void, wide?: boolean, children: any}} props
 */
export function Dialog({ title, onClose, wide, children }) {
	const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const id = useId();
	useEffect(() => {
		const before = document.activeElement;
		const it = /** @type {HTMLDialogElement} */ (dialog.current);
		it.showModal();
		return () => {
			it.close();
			if (before instanceof HTMLElement && before.isConnected) before.focus();
		};
	}, []);
	const cancel = (/** @type {Event} */ event) => {
		event.preventDefault();
		onClose();
	};
	// A browser lets nobody hold a dialog open: a second Escape closes it unasked. One that must stay is shown again.
	const closed = () => {
		const it = dialog.current;
		if (!it?.isConnected || it.open) return;
		onClose();
		setTimeout(() => it.isConnected && !it.open && it.showModal());
	};
	return html`<dialog ref=${dialog} class=${wide ? "wide" : ""} aria-labelledby=${id} onCancel=${cancel} onClose=${closed}>
		<h2 id=${id}>${title}</h2>
		${children}
	</dialog>`;
}
