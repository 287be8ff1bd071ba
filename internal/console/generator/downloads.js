// SPDX-License-Identifier: Apache-2.0

import { element, say } from "./dom.js";
import { FILES } from "./rows.js";

/**
 * download hands a file of the batch to the browser. Without keys there is none.
 *
 * @param {import("./batch.js").Batch} batch @param {string} kind one of FILES
 */
export function download(batch, kind) {
	if (batch.keys.length === 0) {
		return;
	}
	const file = FILES[kind];
	const url = URL.createObjectURL(new Blob([file.write(batch.keys)], { type: file.type }));
	const link = /** @type {HTMLAnchorElement} */ (element("a", { href: url, download: file.name }));
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 1000); // some browsers read it a moment later
	if (!file.hashes) {
		batch.take();
	}
	say(file.hashes ? `${file.name} holds the hashes and no key.` : `${file.name} holds live secrets: move it to a vault, then delete it.`);
}
