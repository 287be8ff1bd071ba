// SPDX-License-Identifier: Apache-2.0

// The Storage Review: what to check before a batch leaves the page. And the batch as JSON.

import { element, find } from "./dom.js";
import { ENCODING_TITLES } from "./formats.js";
import { masked } from "./keytext.js";
import { json } from "./rows.js";
import { warnings } from "./keywright/entropy.js";

/** @param {import("./batch.js").Batch} batch @returns {[string, string, string][]} what, its value, what to do about it */
export function reviewRows(batch) {
	const cryptoIs = typeof globalThis.crypto?.getRandomValues === "function";
	const source = cryptoIs ? "Web Crypto getRandomValues" : "Blocked: no Web Crypto";
	const advice = cryptoIs ? "The only source; there is no other to fall back to." : "Open the page in a current browser that you trust.";
	if (batch.keys.length === 0) {
		return [
			["Random source", source, advice],
			["Secret entropy", "0 bits", "There is no key."],
			["Lookup id", "-", ""],
			["Server storage", "-", ""],
			["Handling", "No keys", "Nothing to hand over yet."],
			["Duplicate estimate", "-", ""],
		];
	}
	const { format, keys } = batch;
	const hashed = format.hash === "secret" ? "SHA-256 of the secret" : "SHA-256 of the full key";
	return [
		["Random source", source, advice],
		["Secret entropy", `${batch.bits} bits per secret`, `${batch.randomSize} as ${ENCODING_TITLES[format.secret.encoding]}. Labels, public id and check count nothing.`],
		["Lookup id", keys[0].publicId ? `Public id, ${keys[0].publicId.length} characters` : "None", keys[0].publicId ?
			"Index it and log it. It finds a record and proves nothing." : "Look the record up by its storage hash."],
		["Server storage", hashed, "Keep the hash with owner, scopes and expiry. Never the key."],
		["Handling", "Sensitive batch", "Clipboard, downloads, screenshots and shared notes now carry live secrets. Rotate what strays."],
		["Duplicate estimate", batch.duplicates, "That two secrets of this batch are alike. It says nothing about guessing."],
		...warnings(format).map((text) => /** @type {[string, string, string]} */ (["Warning", "Below the usual", `${text}.`])),
	];
}

/** @param {import("./batch.js").Batch} batch */
export function showReview(batch) {
	const body = element("tbody");
	for (const [what, value, advice] of reviewRows(batch)) {
		const badge = value === "Sensitive batch" || what === "Warning" ? "badge warn" : value.startsWith("Blocked") ? "badge bad" : "";
		body.append(element("tr", {}, element("th", { scope: "row" }, what),
			element("td", {}, element("span", { class: badge || false }, value)), element("td", {}, advice)));
	}
	find("review").replaceChildren(element("div", { class: "scroll", role: "region", "aria-label": "Storage Review", tabindex: 0 }, element("table", { class: "review" },
		element("caption", {}, "Before the batch leaves this page"),
		element("thead", {}, element("tr", {}, ...["Item", "Value", "What it means"].map((title) => element("th", { scope: "col" }, title)))), body)));
}

/** @param {import("./batch.js").Batch} batch @param {boolean} shown */
export function showJSON(batch, shown) {
	const keys = shown ? batch.keys : batch.keys.map((k) => ({ ...k, key: masked(k), secret: "•".repeat(k.secret.length) }));
	find("json-text").replaceChildren(element("code", { class: shown && keys.length ? "secret" : false }, batch.keys.length ? json(keys) : "[]"));
}
