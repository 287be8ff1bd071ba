// SPDX-License-Identifier: Apache-2.0

/**
 * Saves parts of text as a file.
 * @param {string} name
 * @param {string} type
 * @param {BlobPart[]} parts
 */
export function save(name, type, parts) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob(parts, { type }));
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
