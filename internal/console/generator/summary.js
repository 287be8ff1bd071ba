// SPDX-License-Identifier: Apache-2.0

// What stands above the batch: how hard its keys are to guess, and how they are written.

import { find } from "./dom.js";
import { ENCODING_TITLES, SHAPE_TITLES } from "./formats.js";
import { showStrength } from "./meter.js";

/** pattern draws how keys of a format are written. @param {any} format */
export function pattern(format) {
	const labels = [format.prefix, format.environment, format.id && "<public id>"].filter(Boolean);
	const check = { crc32: "<check>", crockford4: `${format.separator}<check>` }[/** @type {string} */ (format.checksum)] ?? "";
	return [...labels, "<secret>"].join(format.separator) + check;
}

/** @param {import("./batch.js").Batch} batch @param {import("./settings.js").Settings} settings */
export function showSummary(batch, settings) {
	const { format, keys, problem } = batch;
	showStrength(find("batch-strength"), batch.bits, batch.strength);
	if (!format) {
		find("summary").textContent = problem ? "Blocked: no keys" : "No keys";
		find("summary-shape").textContent = find("pattern").textContent = "\u00a0";
		return;
	}
	find("summary").textContent = `${batch.bits} bit secrets`;
	find("summary-shape").textContent = [
		SHAPE_TITLES[settings.shape], ENCODING_TITLES[format.secret.encoding], keys.length === 1 ? "1 key" : `${keys.length} keys`,
	].join(" · ");
	find("pattern").textContent = pattern(format);
}
