// SPDX-License-Identifier: Apache-2.0

import { html, useId, useState } from "../view.js";
import { Field } from "../ui.js";

/**
 * A list of words, such as scopes: each is added with Enter, a comma or a space, and can be taken out again.
 * @param {{label: any, value: string[], onChange: (words: string[]) => void, suggest?: string[], hint?: any, name?: string, problem?: any, optional?: boolean, placeholder?: string}} props
 */
export function Words({ label, value, onChange, suggest, hint, name, problem, optional, placeholder }) {
	const [text, setText] = useState("");
	const [held, setHeld] = useState(/** @type {string[]} */ ([]));
	const list = useId();
	const add = (/** @type {string} */ given) => {
		const words = given.split(/[\s,;]+/).filter(Boolean);
		if (words.length) onChange([...new Set([...value, ...words])]);
		setText("");
	};
	const input = (/** @type {any} */ e) => {
		const now = e.target.value;
		// A choice from the list comes without a key being pressed.
		if (/[\s,;]/.test(now) || (e.inputType === "insertReplacementText" && suggest?.includes(now))) add(now);
		else setText(now);
	};
	const press = (/** @type {KeyboardEvent} */ e) => {
		if (e.key === "Enter") {
			e.preventDefault(); // it ends a word, never the form
			add(text);
		} else if (e.key === "Backspace" && !text && value.length) onChange(value.slice(0, -1));
	};
	// A click that takes the focus away must find its button where it was: the words count at once, and are moved above the
	// field after it.
	const leave = () => {
		const words = text.split(/[\s,;]+/).filter((w) => w && !value.includes(w));
		if (words.length === 0) return setText("");
		setHeld(words);
		onChange([...value, ...words]);
		setTimeout(() => { setHeld([]); setText(""); }, 300);
	};
	const shown = value.filter((w) => !held.includes(w));
	const open = (suggest ?? []).filter((s) => !value.includes(s));
	return html`<${Field} label=${label} hint=${hint} name=${name} problem=${problem} optional=${optional}>${(/** @type {any} */ a) => html`
		${shown.length > 0 && html`<ul class="chips words">${shown.map((word) => html`<li key=${word}><span dir="auto">${word}</span><button type="button" class="word" aria-label=${"Take out " + word} onClick=${() => onChange(value.filter((w) => w !== word))}>×</button></li>`)}</ul>`}
		<input ...${a} class="mono" value=${text} list=${open.length ? list : undefined} placeholder=${placeholder} onInput=${input} onKeyDown=${press} onBlur=${leave} autocomplete="off" autocapitalize="none" spellcheck=${false} />
		${open.length > 0 && html`<datalist id=${list}>${open.map((s) => html`<option key=${s} value=${s}></option>`)}</datalist>`}`}<//>`;
}
