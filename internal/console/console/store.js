// SPDX-License-Identifier: Apache-2.0

// A value that more than one part of the page looks at.

import { useEffect, useState } from "./view.js";

/**
 * @template T
 * @param {T} value
 */
export function store(value) {
	/** @type {Set<() => void>} */
	const watchers = new Set();
	return {
		get value() {
			return value;
		},
		/** @param {T} next */
		set(next) {
			if (next === value) return;
			value = next;
			for (const watch of [...watchers]) watch();
		},
		/** @param {() => void} watch */
		watch(watch) {
			watchers.add(watch);
			return () => {
				watchers.delete(watch);
			};
		},
	};
}

/**
 * The value of a store; the component is drawn again when it changes.
 * @template T
 * @param {{value: T, watch: (f: () => void) => () => void}} of
 * @returns {T}
 */
export function useStore(of) {
	const [, draw] = useState({});
	useEffect(() => of.watch(() => draw({})), [of]);
	return of.value;
}
