// SPDX-License-Identifier: Apache-2.0

// What a page asks before it shows a way: the server judges anyway.

/**
 * Whether granted patterns give a scope: a * in the middle stands for one segment, a last one for one or more.
 * @param {string[] | undefined} granted
 * @param {string | undefined} asked
 */
export function grants(granted, asked) {
	return !asked || (granted ?? []).some((pattern) => covers(pattern, asked));
}

/** @param {string} pattern @param {string} asked */
function covers(pattern, asked) {
	const want = asked.split(/([:./])/);
	const have = pattern.split(/([:./])/);
	for (const [i, part] of have.entries()) {
		if (part === "*" && i === have.length - 1) return want.length >= have.length;
		if (want[i] === undefined || (part !== "*" && part !== want[i])) return false;
	}
	return want.length === have.length;
}
