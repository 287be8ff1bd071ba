// SPDX-License-Identifier: Apache-2.0

// The opening: one key, ready to copy.

import { find } from "./dom.js";
import { keyText } from "./keytext.js";
import { showStrength } from "./meter.js";

/** @param {import("./batch.js").Batch} batch @param {boolean} shown whether the secret may be seen */
export function showOne(batch, shown) {
	const [k] = batch.keys;
	for (const id of ["one-copy", "one-show", "one-copy-hash"]) {
		/** @type {HTMLButtonElement} */ (find(id)).disabled = !k;
	}
	find("one-show").setAttribute("aria-pressed", String(shown));
	find("one-show").textContent = shown ? "Hide" : "Show";
	find("one-key").replaceChildren(k ? keyText(k, shown) : "No key");
	find("one-hash").textContent = k?.storageHash ?? "-";
	showStrength(find("one-strength"), batch.bits, batch.strength);
}
