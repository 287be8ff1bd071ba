// SPDX-License-Identifier: Apache-2.0

import { element, say } from "./dom.js";

/**
 * copy puts a text into the clipboard and says so, on the button and aloud.
 *
 * @param {string} text @param {string} what "Key 3", say
 * @param {HTMLElement} [button]
 * @returns {Promise<boolean>} whether it is there now
 */
export async function copy(text, what, button) {
	const done = await write(text);
	say(done ? `${what} copied.` : `${what} could not be copied: the browser refused. Show it, and copy it by hand.`);
	if (button) {
		mark(button, done);
	}
	return done;
}

/** @param {string} text */
async function write(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch { // refused, or not there: over plain HTTP pages have no clipboard of this kind
		return fallback(text);
	}
}

/** @param {string} text */
function fallback(text) {
	const field = /** @type {HTMLTextAreaElement} */ (element("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: -1 }));
	const before = document.activeElement;
	field.value = text;
	document.body.append(field);
	field.select();
	const done = document.execCommand("copy");
	field.value = "";
	field.remove();
	/** @type {HTMLElement|null} */ (before)?.focus();
	return done;
}

/** @type {WeakMap<HTMLElement, {timer: number, text: string}>} */
const marked = new WeakMap();

/** mark lets a button say for a while what it did. It keeps its width, so nothing moves. @param {HTMLElement} button @param {boolean} done */
function mark(button, done) {
	const old = marked.get(button);
	clearTimeout(old?.timer);
	const text = old?.text ?? button.textContent ?? "";
	if (text) { // else it has a picture, which the style sheet changes
		button.style.minWidth = `${button.offsetWidth}px`;
		button.textContent = done ? "Copied" : "Refused";
	}
	button.classList.toggle("done", done);
	const timer = window.setTimeout(() => {
		button.textContent = text;
		button.style.minWidth = "";
		button.classList.remove("done");
		marked.delete(button);
	}, 1600);
	marked.set(button, { timer, text });
}
