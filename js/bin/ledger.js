// SPDX-License-Identifier: Apache-2.0

import { row } from "../generate.js";
import { bitsText, palette, print, tableLine } from "./output.js";

/** @typedef {import("../generate.js").MadeKey} MadeKey */

/**
 * Shows keys for people: as a table where the terminal is wide enough for whole keys and hashes, and else each key with
 * what belongs to it below. All keys of a run are alike in length, so the first tells.
 */
export function ledger() {
	const { dim } = palette(process.stdout);
	const titles = ["KEY", "PUBLIC ID", "SECRET", "ENTROPY", "CHECKSUM", "STORAGE HASH"];
	/** @type {number[]} */
	let widths = [];
	let below = false;
	/** @param {MadeKey} key */
	const lines = (key) => {
		const r = row(key);
		const cells = [r.key, r.public_id || "-", String(r.secret_length), bitsText(r.entropy_bits), r.checksum, r.storage_hash];
		let head = "";
		if (widths.length === 0) {
			widths = titles.map((title, i) => Math.max(title.length, cells[i].length));
			const width = widths.reduce((a, b) => a + b + 2, -2);
			below = process.stdout.isTTY && width > (Number(process.env.COLUMNS) || process.stdout.columns || 80);
			head = below ? "" : `${dim(tableLine(titles, widths))}\n`;
		}
		if (!below) {
			return `${head}${tableLine(cells, widths)}\n`;
		}
		return `${r.key}\n  public id ${cells[1]} · secret ${cells[2]} characters, ${cells[3]} · checksum ${r.checksum}\n  ${dim(r.storage_hash)}\n`;
	};
	return { write: (/** @type {MadeKey[]} */ keys) => print(keys.map(lines).join("")), async end() {} };
}
