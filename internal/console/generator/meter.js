// SPDX-License-Identifier: Apache-2.0

import { element } from "./dom.js";

const WORDS = ["Weak", "Fair", "Good", "Strong", "Very strong"];

/** showStrength sets a strength meter: words, bits, and as many bars as the word is worth. @param {HTMLElement} meter @param {number} bits @param {string} word */
export function showStrength(meter, bits, word) {
	const level = bits === 0 ? 0 : WORDS.indexOf(word) + 1;
	meter.setAttribute("aria-valuenow", String(Math.min(bits, 256)));
	meter.setAttribute("aria-valuetext", `${bits} bits, ${word.toLowerCase()}`);
	meter.dataset.level = String(level);
	meter.replaceChildren(
		element("span", { class: "bars", "aria-hidden": "true" }, ...WORDS.map((_, i) => element("span", { class: i < level ? "bar on" : "bar" }))),
		element("span", { class: "words" }, `${bits} bits · ${word}`));
}
