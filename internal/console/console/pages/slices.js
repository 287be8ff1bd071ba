// SPDX-License-Identifier: Apache-2.0

// A file in slices of whole lines, however large it is: what is read of it at a time is one block, to look for where lines end.

const BLOCK = 256 << 10;
const NEWLINE = 10;
const QUOTE = 34;

/** Lines longer than the server takes. */
export const LONGEST = 1 << 20;

/**
 * @typedef {object} Slice
 * @property {Blob} body what is sent: of a table with its header
 * @property {number} from the first byte
 * @property {number} to behind the last byte
 * @property {number} line of the file, in which it begins, from 1
 * @property {number} lines
 * @property {number} before lines of the body that are the header
 */

/**
 * @typedef {object} Place where to go on: the end of a slice
 * @property {number} byte
 * @property {number} line
 */

/**
 * kindOf tells a table from lines of JSON, by the name of a file.
 * @param {string} name
 * @returns {"text/csv" | "application/x-ndjson"}
 */
export function kindOf(name) {
	return /\.csv$/i.test(name) ? "text/csv" : "application/x-ndjson";
}

/**
 * slices cuts a file where rows end: a row of a table may go over several lines, between quotes.
 * @param {Blob} file
 * @param {{csv: boolean, size?: number, place?: Place}} options size: bytes of a slice, more or less
 * @returns {AsyncGenerator<Slice>}
 */
export async function* slices(file, { csv, size = 1 << 20, place }) {
	const header = csv ? await firstRow(file) : { byte: 0, line: 1 };
	let { byte, line } = place ?? header;
	while (byte < file.size) {
		const end = await endOf(file, byte, size, csv);
		const body = file.slice(byte, end.byte);
		yield {
			body: csv ? new Blob([file.slice(0, header.byte), body]) : body, from: byte, to: end.byte, line, lines: end.lines, before: header.line - 1,
		};
		byte = end.byte;
		line += end.lines;
	}
}

/**
 * firstRow is the place behind the header of a table.
 * @param {Blob} file
 * @returns {Promise<Place>}
 */
async function firstRow(file) {
	const end = await endOf(file, 0, 1, true);
	if (end.byte >= file.size && end.byte > LONGEST) throw new Error("the first row of the table does not end: is it a table?");
	return { byte: end.byte, line: 1 + end.lines };
}

/**
 * endOf looks for the first end of a row at or behind size bytes from a place.
 * @param {Blob} file
 * @param {number} from
 * @param {number} size
 * @param {boolean} csv
 */
async function endOf(file, from, size, csv) {
	let quoted = false;
	let lines = 0;
	for (let at = from; at < file.size; at += BLOCK) {
		const block = new Uint8Array(await file.slice(at, at + BLOCK).arrayBuffer());
		for (let i = 0; i < block.length; i++) {
			if (csv && block[i] === QUOTE) quoted = !quoted;
			if (block[i] !== NEWLINE) continue;
			lines++;
			if (!quoted && at + i + 1 - from >= size) return { byte: at + i + 1, lines };
		}
	}
	return { byte: file.size, lines: lines + (await endsOpen(file, from) ? 1 : 0) };
}

/**
 * endsOpen tells whether the last line has no end.
 * @param {Blob} file
 * @param {number} from
 */
async function endsOpen(file, from) {
	if (file.size <= from) return false;
	const last = new Uint8Array(await file.slice(file.size - 1).arrayBuffer());
	return last[0] !== NEWLINE;
}

/**
 * lineOf returns the line of the file that a line of an answer is about.
 * @param {Slice} slice
 * @param {number} line of the body
 */
export function lineOf(slice, line) {
	return slice.line + line - slice.before - 1;
}

/**
 * answers reads lines of JSON while they arrive.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<any>}
 */
export async function* answers(stream) {
	const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		const parts = (rest + (value ?? "")).split("\n");
		rest = done ? "" : parts.pop() ?? "";
		for (const part of parts) if (part) yield JSON.parse(part);
		if (done) return;
	}
}
