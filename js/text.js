// SPDX-License-Identifier: Apache-2.0

// Keys are bytes. Most are ASCII, where a string of JavaScript holds one byte in each character; anything else is turned
// into such a string of bytes first, so that it is measured and refused as every other implementation does.

const encoder = new TextEncoder();

/**
 * How many bytes a text has in UTF-8.
 *
 * @param {string} text
 */
export const byteLength = (text) => encoder.encode(text).length;

/**
 * The bytes of a text in UTF-8.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export const bytesOf = (text) => encoder.encode(text);

/**
 * A string with one character for each byte.
 *
 * @param {string | Uint8Array} text
 */
export function byteString(text) {
	if (typeof text === "string" && isAscii(text)) return text;
	let bytes = "";
	for (const byte of typeof text === "string" ? bytesOf(text) : text) bytes += String.fromCharCode(byte);
	return bytes;
}

/**
 * The bytes that a byte string stands for.
 *
 * @param {string} text
 */
export const byteValues = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/**
 * The text that a byte string is in UTF-8.
 *
 * @param {string} text
 */
export const textOf = (text) => (isAscii(text) ? text : new TextDecoder("utf-8", { ignoreBOM: true }).decode(byteValues(text)));

/** @param {string} text */
const isAscii = (text) => /^[\0-\x7f]*$/.test(text);
