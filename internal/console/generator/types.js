// SPDX-License-Identifier: Apache-2.0

// The tables of key types and of formats, each with buttons that take one into the options.

import { element, find } from "./dom.js";
import { OFFERS, SHOWN, TYPES } from "./formats.js";
import { entropy } from "./keywright/entropy.js";
import { preset } from "./keywright/format.js";
import { pattern } from "./summary.js";

/** @param {string} label @param {Record<string, string>} settings */
function take(label, settings) {
	return element("button", { type: "button", class: "small", "data-settings": new URLSearchParams(settings).toString(), "aria-label": `Use ${label}` }, label);
}

/** @param {string} label @param {string[]} titles @param {HTMLElement[]} rows */
function table(label, titles, rows) {
	return element("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, element("table", {},
		element("caption", { class: "visually-hidden" }, label),
		element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)))), element("tbody", {}, ...rows)));
}

/** showTypes fills both tables, once. */
export function showTypes() {
	find("types-table").replaceChildren(table("Table of key types", ["Key type", "Prefix: click to use", "Body", "Notes", "Change it"], TYPES.map((type) => element("tr", {},
		element("th", { scope: "row" }, type.name),
		element("td", {}, element("span", { class: "actions" }, ...type.take.map(({ label, ...settings }) => take(label, settings)))),
		element("td", {}, type.body), element("td", {}, type.note), element("td", {}, type.change)))));
	find("formats-table").replaceChildren(table("Table of formats", ["Format", "How it is written", "Secret", "When to take it", "Use"], SHOWN.map((name) => {
		const format = preset(name);
		return element("tr", {},
			element("th", { scope: "row" }, name),
			element("td", { class: "mono" }, pattern(format)),
			element("td", {}, `${Math.floor(entropy(format))} bits`),
			element("td", {}, name === "public-id" ? "When the server looks keys up by an id, or the field asks for hex or for letters that people type." : OFFERS[name].note),
			element("td", {}, take(name, { format: name })));
	})));
}
