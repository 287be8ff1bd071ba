// SPDX-License-Identifier: Apache-2.0

// The address bar: which page is shown, and what it filters by. No secret is ever put there.

import { useEffect } from "./view.js";
import { store, useStore } from "./store.js";

export const ROOT = "/console";

const read = () => ({ path: location.pathname, search: location.search });

/** Where we are. */
export const place = store(read());

/** Where somebody wanted to go while a guard stands: a dialog asks. */
export const leaving = store(/** @type {{to: string, why: string} | null} */ (null));

/** @type {Set<string>} */
const guards = new Set();
let index = history.state?.index ?? 0;
let returning = false;
history.replaceState({ index }, "");

/**
 * Goes to a page of the console.
 * @param {string} to
 * @param {{replace?: boolean, force?: boolean}} [options]
 */
export function go(to, options = {}) {
	const why = [...guards][0];
	const target = new URL(to, location.href);
	if (why && !options.force && target.pathname !== location.pathname) {
		leaving.set({ to, why });
		return;
	}
	if (!options.replace) index++;
	history[options.replace ? "replaceState" : "pushState"]({ index }, "", to);
	place.set(read());
	if (!options.replace) scrollTo(0, 0);
}

/**
 * While a component is shown with a reason, leaving it is asked about.
 * @param {string | false | null} why
 */
export function useGuard(why) {
	useEffect(() => {
		if (!why) return undefined;
		guards.add(why);
		const warn = (/** @type {Event} */ event) => event.preventDefault();
		addEventListener("beforeunload", warn);
		return () => {
			guards.delete(why);
			removeEventListener("beforeunload", warn);
		};
	}, [why]);
}

addEventListener("popstate", (event) => {
	if (returning) {
		returning = false;
		return;
	}
	const to = event.state?.index ?? 0;
	const why = [...guards][0];
	if (why && location.pathname !== place.value.path) {
		leaving.set({ to: location.pathname + location.search, why });
		returning = true;
		history.go(index - to);
		return;
	}
	index = to;
	place.set(read());
});

document.addEventListener("click", (event) => {
	const link = event.target instanceof Element ? event.target.closest("a") : null;
	if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
	if (link.target || link.hasAttribute("download") || link.origin !== location.origin || !(link.pathname + "/").startsWith(ROOT + "/")) return;
	if (link.hash && link.pathname === location.pathname) return;
	event.preventDefault();
	go(link.pathname + link.search);
});

/** The filters in the address bar. */
export function useQuery() {
	const { search } = useStore(place);
	return Object.fromEntries(new URLSearchParams(search));
}

/**
 * Changes filters in the address bar; empty ones are taken out.
 * @param {Record<string, string | undefined>} changes
 * @param {{push?: boolean}} [options] push: as a step that the browser's Back undoes.
 */
export function setQuery(changes, options = {}) {
	const query = new URLSearchParams(location.search);
	for (const [name, value] of Object.entries(changes)) {
		if (value) query.set(name, value);
		else query.delete(name);
	}
	const text = query.toString();
	go(location.pathname + (text ? "?" + text : ""), { replace: !options.push });
}

/**
 * The values of {…} in a pattern, or null where the path is another.
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | null}
 */
export function match(pattern, path) {
	const want = pattern.split("/");
	const have = path.replace(/(.)\/$/, "$1").split("/");
	if (want.length !== have.length) return null;
	/** @type {Record<string, string>} */
	const values = {};
	for (const [i, part] of want.entries()) {
		if (part.startsWith("{")) {
			try {
				values[part.slice(1, -1)] = decodeURIComponent(have[i]);
			} catch {
				return null;
			}
		} else if (part !== have[i]) return null;
	}
	return values;
}
