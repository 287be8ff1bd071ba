// SPDX-License-Identifier: Apache-2.0

/**
 * onLeaving lets go of the secrets when the page is left, so that neither the memory of the page nor a page kept for "back"
 * holds them, and asks before a batch is lost that nobody has copied.
 *
 * @param {{clear: () => void, again: () => void, untaken: () => boolean}} page
 */
export function onLeaving({ clear, again, untaken }) {
	window.addEventListener("pagehide", clear);
	window.addEventListener("pageshow", (event) => {
		if (event.persisted) { // kept for "back", and shown again
			again();
		}
	});
	window.addEventListener("beforeunload", (event) => {
		if (untaken()) {
			event.preventDefault();
		}
	});
}
