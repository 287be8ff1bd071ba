// SPDX-License-Identifier: Apache-2.0

// Live updates of pages: a component says what to do when something has changed.

import { useEffect, useRef } from "./view.js";
import { get } from "./api.js";
import { session } from "./session.js";
import { grants } from "./scope.js";
import { Live } from "./live.js";

const TOGETHER = 150;

/** The one that all pages share. */
export const live = new Live({ get, may: () => grants(session.value?.scopes, "audit:read") });

let who = session.value?.key_id;
session.watch(() => {
	if (session.value?.key_id === who) return live.look();
	who = session.value?.key_id;
	return live.forget();
});

/**
 * Calls f with what has changed, changes that come together once. Nothing comes where the service key may not read the
 * audit chain: a page must not depend on it.
 * @param {(change: import("./live.js").Change) => void} f
 */
export function useLive(f) {
	const latest = useRef(f);
	latest.current = f;
	useEffect(() => {
		/** @type {any[]} */
		let events = [];
		/** @type {any} */
		let timer;
		const end = live.listen((change) => {
			events = events.concat(change.events);
			clearTimeout(timer);
			timer = setTimeout(() => {
				const all = events;
				events = [];
				latest.current({ events: all, targets: new Set(all.map((e) => e.target)), keyspaces: new Set(all.map((e) => e.keyspace ?? "")) });
			}, TOGETHER);
		});
		return () => {
			clearTimeout(timer);
			end();
		};
	}, []);
}
