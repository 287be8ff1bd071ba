// SPDX-License-Identifier: Apache-2.0

// The generator page: settings, a batch made from them, and the views that show it. Nothing is sent, nothing is kept.

import { Batch } from "./batch.js";
import { copy } from "./clipboard.js";
import { element, find, say } from "./dom.js";
import { download } from "./downloads.js";
import { onLeaving } from "./leaving.js";
import { showLedger, walk } from "./ledger.js";
import { showOne } from "./one.js";
import { fillFormats, readOptions, showOptions } from "./options.js";
import { showJSON, showReview } from "./review.js";
import { COLUMNS, json, ledgerText } from "./rows.js";
import { DEFAULTS, link, read } from "./settings.js";
import { showSummary } from "./summary.js";
import { tabs } from "./tabs.js";
import { showTypes } from "./types.js";

/** @typedef {import("./settings.js").Settings} Settings */

const batch = new Batch();
const nothing = new Batch(); // for the view that is not seen: no key stays behind in it
/** @type {Settings} */
let settings = { ...DEFAULTS };
let opened = false; // the batch, rather than the one key
let shown = false; // secrets

/** show draws what is there now. */
function show() {
	find("one").hidden = opened;
	find("batch").hidden = !opened;
	showBlocked();
	showOne(opened ? nothing : batch, shown);
	const listed = opened ? batch : nothing;
	showOptions(settings, listed.problem);
	showSummary(listed, settings);
	showLedger(listed, shown);
	showReview(listed);
	showJSON(listed, shown);
	const none = batch.keys.length === 0;
	for (const button of find("batch").querySelectorAll("[data-take], [data-download], #show")) {
		/** @type {HTMLButtonElement} */ (button).disabled = none;
	}
	find("show").setAttribute("aria-pressed", String(shown));
	find("show").textContent = shown ? "Hide secrets" : "Show secrets";
}

/** showBlocked says why there are no keys, with buttons for the ways out. */
function showBlocked() {
	const { problem } = batch;
	find(opened ? "blocked-batch" : "blocked-one").append(find("blocked")); // where it moves no field that is being typed in
	find("blocked").hidden = !problem;
	find("blocked-title").textContent = problem?.title ?? "";
	find("blocked-text").textContent = problem?.text ?? "";
	find("blocked-fixes").replaceChildren(...(problem?.fixes ?? []).map((fix) => {
		const button = element("button", { type: "button" }, fix.label);
		button.addEventListener("click", () => {
			opened = true;
			remake({ ...settings, ...fix.settings });
			find("summary").focus();
		});
		return button;
	}));
}

/** remake makes new keys, from new settings where given. @param {Settings} [wanted] */
function remake(wanted = settings) {
	settings = wanted;
	batch.make(opened ? settings : { ...settings, count: 1 });
	show();
	const { problem, keys } = batch;
	say(problem ? `Blocked: ${problem.title}. ${problem.text}` : `${keys.length === 1 ? "1 new key" : `${keys.length} new keys`}, ${batch.bits} bits, ${batch.strength.toLowerCase()}.`);
}

/** openBatch shows the options and a batch. @param {Settings} [wanted] */
function openBatch(wanted) {
	opened = true;
	shown = false;
	remake(wanted);
	find("summary").focus();
}

/** clear lets go of every key, in memory and in the document. */
function clear() {
	batch.clear();
	shown = false;
	show();
}

/** start is the page as it opens. */
function start() {
	const linked = read(location.hash);
	opened ||= Boolean(linked);
	remake(linked);
}

const TAKE = /** @type {Record<string, {what: string, text: () => string, hashes?: boolean}>} */ ({
	keys: { what: "All keys", text: () => batch.keys.map((k) => k.key).join("\n") },
	hashes: { what: "All hashes", text: () => batch.keys.map((k) => k.storageHash).join("\n"), hashes: true },
	table: { what: "The table", text: () => ledgerText(batch.keys) },
	json: { what: "The JSON", text: () => json(batch.keys) },
});

/** takeAll copies something of the whole batch. @param {string} name @param {HTMLElement} button */
async function takeAll(name, button) {
	const { what, text, hashes } = TAKE[name];
	if (batch.keys.length > 0 && await copy(text(), what, button) && !hashes) {
		batch.take();
	}
}

/** takeCell copies one value of the ledger, or one row. @param {HTMLElement} button */
async function takeCell(button) {
	const [row, column] = [Number(button.dataset.row), Number(button.dataset.column)];
	const k = batch.keys[row];
	if (!k) {
		return;
	}
	const whole = column === COLUMNS.length;
	const cell = COLUMNS[column];
	const done = await copy(whole ? ledgerText([k]).split("\n")[1] : cell.cell(k), whole ? `Row ${row + 1}` : `${cell.title} of key ${row + 1}`, button);
	if (done && (whole || cell.secret)) {
		batch.take([row]);
	}
}

/** toggle shows the secrets, or hides them. */
function toggle() {
	shown = !shown;
	show();
	say(shown ? "Secrets are shown." : "Secrets are masked.");
}

document.addEventListener("click", (event) => {
	const button = event.target instanceof Element ? event.target.closest("button") : null;
	if (button?.dataset.take) {
		takeAll(button.dataset.take, button);
	} else if (button?.dataset.row) {
		takeCell(button);
	} else if (button?.dataset.download) {
		download(batch, button.dataset.download);
	} else if (button?.dataset.settings) {
		const wanted = read(button.dataset.settings);
		openBatch(wanted && { ...wanted, count: button.dataset.settings.includes("count=") ? wanted.count : settings.count });
	}
});
/** @param {string} id @param {(button: HTMLElement) => void} act */
const on = (id, act) => find(id).addEventListener("click", () => act(find(id)));
on("one-copy", (button) => batch.keys[0] && copy(batch.keys[0].key, "The key", button));
on("one-copy-hash", (button) => batch.keys[0] && copy(batch.keys[0].storageHash, "The storage hash", button));
on("one-show", toggle);
on("one-again", () => remake());
on("open-batch", () => openBatch());
on("close-batch", () => {
	opened = shown = false;
	remake();
	find("one-copy").focus();
});
on("regenerate", () => remake());
on("show", toggle);
on("reset", () => remake({ ...DEFAULTS }));
on("copy-link", (button) => copy(`${location.href.split("#")[0]}#${link(settings)}`, "The link", button));
find("options").addEventListener("input", () => remake(readOptions(settings)));
find("options").addEventListener("submit", (event) => event.preventDefault());
find("ledger").addEventListener("keydown", walk);
window.addEventListener("hashchange", () => read(location.hash) && start());

tabs(find("batch"));
fillFormats();
showTypes();
onLeaving({ clear, again: start, untaken: () => opened && batch.untaken > 0 });
start();
