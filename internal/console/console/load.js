// SPDX-License-Identifier: Apache-2.0

// Loading what a page shows, and acting: both end when the page is left.

import { useCallback, useEffect, useRef, useState } from "./view.js";
import { away, UNREACHABLE, Problem } from "./api.js";

/**
 * Loads data, again when a dependency changes or a server that was away is back. While it loads again what was there stays.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {unknown[]} deps
 * @returns {{data: T | undefined, problem: Problem | null, loading: boolean, reload: () => void, setData: (d: T) => void}}
 */
export function useLoad(load, deps) {
	const [state, setState] = useState(/** @type {{data: T | undefined, problem: Problem | null, loading: boolean}} */ ({ data: undefined, problem: null, loading: true }));
	const [turn, setTurn] = useState(0);
	const reload = useCallback(() => setTurn((/** @type {number} */ n) => n + 1), []);
	useEffect(() => {
		const abort = new AbortController();
		let again = () => {};
		setState((/** @type {typeof state} */ s) => ({ ...s, loading: true }));
		load(abort.signal).then(
			(data) => !abort.signal.aborted && setState({ data, problem: null, loading: false }),
			(problem) => {
				if (abort.signal.aborted) return;
				if (!(problem instanceof Problem)) console.error(problem);
				setState((/** @type {typeof state} */ s) => ({ ...s, problem, loading: false }));
				if (problem.code === UNREACHABLE) again = away.watch(() => !away.value && reload());
			},
		);
		return () => {
			abort.abort();
			again();
		};
	}, [...deps, turn]);
	const setData = useCallback((/** @type {T} */ data) => setState({ data, problem: null, loading: false }), []);
	return { ...state, reload, setData };
}

/**
 * An act of a button or form: one at a time, with its problem.
 * @param {(...given: any[]) => Promise<unknown>} act
 * @returns {{run: (...given: any[]) => Promise<boolean>, busy: boolean, problem: Problem | null, clear: () => void}}
 */
export function useAct(act) {
	const [state, setState] = useState(/** @type {{busy: boolean, problem: Problem | null}} */ ({ busy: false, problem: null }));
	const live = useRef(true);
	const busy = useRef(false);
	useEffect(() => {
		live.current = true;
		return () => {
			live.current = false;
		};
	}, []);
	const run = async (/** @type {any[]} */ ...given) => {
		if (busy.current) return false;
		busy.current = true;
		setState({ busy: true, problem: null });
		try {
			await act(...given);
			if (live.current) setState({ busy: false, problem: null });
			return true;
		} catch (problem) {
			if (!(problem instanceof Problem)) console.error(problem);
			if (live.current) setState({ busy: false, problem: /** @type {Problem} */ (problem) });
			return false;
		} finally {
			busy.current = false;
		}
	};
	return { ...state, run, clear: () => setState({ busy: false, problem: null }) };
}
