// SPDX-License-Identifier: Apache-2.0

// The form of options: it shows settings, and reads them back. What a format does not leave open is disabled, with the reason.

import { element, find } from "./dom.js";
import { ENCODING_NOTES, ENCODING_TITLES, OFFERS } from "./formats.js";
import { chars } from "./keywright/encoding.js";
import { environment, preset } from "./keywright/format.js";
import { hasEnvironment, taken } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */

const NUMBERS = ["size", "count", "idBytes"];
const FIELDS = ["format", "prefix", "environment", "custom", "shape", "encoding", "size", "count", "idBytes", "separator", "checksum"];

/** @param {string} id */
const control = (id) => /** @type {HTMLInputElement} */ (find(id));

/** fillFormats offers the formats, once. */
export function fillFormats() {
	find("format").replaceChildren(...Object.entries(OFFERS).map(([name, offer]) => element("option", { value: name }, offer.title)));
}

/** readOptions is what the form says; another format brings its own settings. @param {Settings} old @returns {Settings} */
export function readOptions(old) {
	if (control("format").value !== old.format) {
		return taken(old, control("format").value);
	}
	const read = /** @type {Record<string, any>} */ ({ ...old });
	for (const name of FIELDS) {
		const field = control(name);
		if (!field.disabled) {
			read[name] = field.type === "checkbox" ? field.checked : NUMBERS.includes(name) ? field.valueAsNumber : field.value;
		}
	}
	return /** @type {Settings} */ (read);
}

/** showOptions sets the form, and marks the field that a problem is about. @param {Settings} s @param {import("./settings.js").Problem} [problem] */
export function showOptions(s, problem) {
	const offer = OFFERS[s.format];
	find("encoding").replaceChildren(...offer.encodings.map((name) => element("option", { value: name }, ENCODING_TITLES[name])));
	const values = /** @type {Record<string, any>} */ (s);
	for (const name of FIELDS) {
		const field = control(name);
		if (field.type === "checkbox") {
			field.checked = values[name];
		} else if (field !== document.activeElement || field.tagName === "SELECT") { // what is being typed is left alone
			field.value = Number.isNaN(values[name]) ? "" : String(values[name]);
		}
		field.setAttribute("aria-invalid", String(problem?.field === name));
	}
	for (const [name, { why, hint }] of Object.entries(notes(s))) {
		const field = control(name);
		field.disabled = Boolean(why);
		find(`${name}-hint`).textContent = why ?? hint ?? "";
	}
	sizes(s);
	find("custom-field").hidden = s.environment !== "custom" || control("environment").disabled;
}

/** notes says of each option why it is closed, or what it means. @param {Settings} s @returns {Record<string, {why?: string, hint?: string}>} */
function notes(s) {
	const offer = OFFERS[s.format];
	const bare = s.shape === "secret-only" ? "Secret only: keys have no labels." : undefined;
	return {
		format: { hint: offer.note },
		prefix: { why: bare, hint: offer.prefixOptional ? "Letters and digits; may be empty." : "Letters and digits." },
		environment: { why: bare ?? (hasEnvironment(s.format) ? undefined : "Keys of this format have none."), hint: environmentHint(s) },
		custom: { why: bare, hint: customHint(s) },
		shape: { why: offer.shapes ? undefined : "The format’s own.", hint: shapeHint(s) },
		encoding: { why: offer.encodings.length > 1 ? undefined : "The format’s own.", hint: ENCODING_NOTES[s.encoding] },
		idBytes: { why: idReason(s), hint: `4 to 12: ${Math.ceil(8 * s.idBytes / 5)} characters` },
		separator: { why: bare ?? (s.format === "seam" ? "The format’s own." : undefined), hint: s.separator === "-" ? "A double click stops at it." : " " },
		checksum: {
			why: bare ? "Secret only: there are no public segments to guard." : offer.checksum ? undefined : "Keys of this format have none.",
			hint: "Catches slips of typing and pasting. It is no signature.",
		},
	};
}

/** @param {Settings} s */
function idReason(s) {
	if (OFFERS[s.format].shapes) {
		return s.shape === "public-id" ? undefined : "This shape has no public id.";
	}
	return preset(s.format).id ? "The format’s own." : "This format has no public id.";
}

/** @param {Settings} s */
function environmentHint(s) {
	return s.environment === "none" ? "For targets that say it already, or must not." : "Keeps live and test keys apart.";
}

/** @param {Settings} s */
function customHint(s) {
	try {
		return `Will read: ${environment(s.custom)}`;
	} catch {
		return "Needs at least one letter or number.";
	}
}

/** @param {Settings} s */
function shapeHint(s) {
	return {
		"public-id": "The server finds the record by the public id.",
		prefix: "Labels, and no lookup id.",
		"secret-only": "Only where another system keeps name, environment and lookup.",
	}[s.shape] ?? "";
}

/** sizes shows what the size of a secret is counted in. @param {Settings} s */
function sizes(s) {
	const { size } = OFFERS[s.format];
	const field = control("size");
	const secret = preset(s.format).secret;
	const unit = size?.unit ?? (secret.bytes ? "bytes" : "chars");
	field.disabled = !size;
	field.min = String(size?.min ?? 0);
	field.max = String(size?.max ?? 128);
	find("size-label").textContent = unit === "bytes" ? "Secret bytes" : "Secret characters";
	const length = unit === "bytes" && Number.isInteger(s.size) && s.size > 0 && s.size <= 64 ? `: ${chars(/** @type {any} */ (s.encoding), s.size)} characters` : "";
	find("size-hint").textContent = size ? `${size.min} to ${size.max}${length}` : "The format’s own.";
}
