// SPDX-License-Identifier: Apache-2.0

// How results are written: rows for programs, tables and details for people.

/** @typedef {(text: string) => void | Promise<void>} Write */

/**
 * Writes rows one after the other in a form for programs: json, jsonl or csv.
 * @param {Write} write @param {string} form @param {string[]} columns
 */
export function rowWriter(write, form, columns) {
	let count = 0;
	return {
		/** @param {Record<string, string | number>} row */
		add(row) {
			count++;
			if (form === "csv") {
				return write((count === 1 ? csvLine(columns) : "") + csvLine(columns.map((name) => String(row[name]))));
			}
			const before = count === 1 ? "[\n  " : ",\n  ";
			return write(form === "json" ? before + JSON.stringify(row) : `${JSON.stringify(row)}\n`);
		},
		end() {
			if (form === "csv" && count === 0) {
				return write(csvLine(columns));
			}
			if (form === "json") {
				return write(count === 0 ? "[]\n" : "\n]\n");
			}
		},
	};
}

/** @param {string[]} cells */
function csvLine(cells) {
	return `${cells.map((cell) => (/[",\r\n]|^\s|^\\\.$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}

/**
 * Colours by what they mean: none where a stream is no terminal, or where nobody wants them (https://no-color.org).
 * @param {{isTTY?: boolean}} stream
 */
export function palette(stream) {
	const on = Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== "dumb";
	/** @param {number} code @returns {(text: string) => string} */
	const paint = (code) => (text) => (on ? `\x1b[${code}m${text}\x1b[0m` : text);
	return { heading: paint(1), dim: paint(2), careful: paint(33), bad: paint(31) };
}

/**
 * Named properties of one thing, for people. What is empty is left out.
 * @param {[string, string][]} lines @param {(text: string) => string} dim
 */
export function details(lines, dim) {
	const shown = lines.filter(([, value]) => value !== "");
	const longest = Math.max(...shown.map(([name]) => name.length));
	return shown.map(([name, value]) => `  ${dim(name)}${" ".repeat(longest - name.length + 2)}${value}\n`).join("");
}

/** One line of a table. @param {string[]} cells @param {number[]} widths */
export function tableLine(cells, widths) {
	return cells.map((cell, i) => cell.padEnd(widths[i] + 2)).join("").trimEnd();
}

/** Entropy for people, never more than there is. @param {number} bits */
export const bitsText = (bits) => `${Math.floor(bits)} bits`;

/** A number with a comma between thousands. @param {number} n */
export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/**
 * Writes to standard output, and waits while nobody reads it.
 * @param {string} text
 * @returns {Promise<void>}
 */
export function print(text) {
	return new Promise((resolve, reject) => {
		process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
	});
}

/** Writes a line for people. @param {string} text */
export function say(text) {
	process.stderr.write(`${text}\n`);
}
