// SPDX-License-Identifier: Apache-2.0

// Keys of other issuers that nobody was ever given: for tests, which must not hold real ones.

import { writeSum } from "../issuer.js";
import { ALPHABETS } from "../members.js";

/**
 * Writes a key of a kind, with the checksum that belongs to it.
 *
 * @param {import("../issuer.js").Kind} kind
 * @param {(n: number) => number} [choose] a number below n; always the same without it
 */
export function sampleOf(kind, choose = (n) => n - 1) {
	let text = kind.prefix;
	for (const { text: fixed, of = "", min = 0, max = 0 } of kind.shape) {
		const length = fixed === undefined ? min + choose(Math.min(max - min, 40) + 1) : 0;
		text += fixed ?? Array.from({ length }, () => ALPHABETS[of][choose(ALPHABETS[of].length)]).join("");
	}
	const { sum } = kind;
	if (!sum) {
		return text;
	}
	const end = text.length - (sum.after ?? 0) - sum.size;
	const covered = text.slice(sum.prefix ? 0 : kind.prefix.length, end - (sum.gap ?? 0));
	return text.slice(0, end) + writeSum(sum, covered) + text.slice(end + sum.size);
}
