// SPDX-License-Identifier: Apache-2.0

// How a key is shown: its public parts, and the secret only when it was asked for. A masked secret is not in the document.

import { element } from "./dom.js";
import { parts } from "./rows.js";

/** masked is the text of a key with a dot for each character of its secret. @param {import("./batch.js").MadeKey} k */
export function masked(k) {
	const { before, after } = parts(k);
	return before + "•".repeat(k.secret.length) + after;
}

/**
 * keyText makes what shows a key. Both forms are equally long, so nothing moves when it is shown.
 *
 * @param {import("./batch.js").MadeKey} k @param {boolean} shown
 */
export function keyText(k, shown) {
	const { before, after } = parts(k);
	const text = element("span", { class: "key" });
	if (shown) {
		text.append(before, element("span", { class: "secret" }, k.secret), after);
		return text;
	}
	text.append(
		element("span", { "aria-hidden": "true" }, before, element("span", { class: "dots" }, "•".repeat(k.secret.length)), after),
		element("span", { class: "visually-hidden" }, `${before ? `${before} ` : ""}secret masked${after ? ` ${after}` : ""}`));
	return text;
}
