// SPDX-License-Identifier: Apache-2.0

// What happened since, for pages that are open: one long poll of the audit chain for all of them, only while somebody can see
// the page and uses it: an unattended page must not keep its session alive. It says what changed, not how it is now; who
// wants to know that asks for it.

const WAIT = "25s";
const PAGE = 200;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const ATTENDED = 10 * 60_000;
const SIGNS_OF_LIFE = ["pointerdown", "pointermove", "keydown", "wheel"];

/**
 * @typedef {object} Change what a read of the chain brought
 * @property {any[]} events oldest first
 * @property {Set<string>} targets what was acted on: key ids, names of keyspaces, ids of webhooks
 * @property {Set<string>} keyspaces
 */

/**
 * @typedef {object} Options
 * @property {(path: string, options: {query: Record<string, unknown>, signal: AbortSignal}) => Promise<any>} get asks the server; a refusal has a status
 * @property {() => boolean} [may] whether who is signed in may read the chain
 * @property {Document} [page] whose visibility counts, and in which somebody types and points
 * @property {() => number} [now]
 * @property {(f: () => void, after: number) => any} [later] setTimeout, for tests
 */

/** Live follows the audit chain for as long as somebody listens. */
export class Live {
	/** @param {Options} options */
	constructor({ get, may = () => true, page = document, now = Date.now, later = (f, after) => setTimeout(f, after) }) {
		this.get = get;
		this.may = may;
		this.page = page;
		this.now = now;
		this.later = later;
		/** @type {Set<(change: Change) => void>} */
		this.listeners = new Set();
		/** @type {AbortController | null} */
		this.running = null;
		/** @type {number | null} */
		this.sequence = null;
		this.used = now();
		this.refused = false;
		page.addEventListener("visibilitychange", () => this.look());
		for (const sign of SIGNS_OF_LIFE) page.addEventListener(sign, () => this.attend(), { passive: true });
	}

	/**
	 * Calls f with each change from now on, and returns what ends that.
	 * @param {(change: Change) => void} f
	 * @returns {() => void}
	 */
	listen(f) {
		this.listeners.add(f);
		this.look();
		return () => {
			this.listeners.delete(f);
			this.look();
		};
	}

	/** forget begins anew: another session may see other events. */
	forget() {
		this.stop();
		this.sequence = null;
		this.refused = false;
		this.look();
	}

	attend() {
		this.used = this.now();
		if (!this.running) this.look();
	}

	stop() {
		this.running?.abort();
		this.running = null;
	}

	/** wanted tells whether there is anybody to follow the chain for. */
	wanted() {
		return this.listeners.size > 0 && !this.refused && !this.page.hidden && this.may() && this.now() - this.used < ATTENDED;
	}

	look() {
		if (!this.wanted()) this.stop();
		else if (!this.running) this.run();
	}

	async run() {
		const running = new AbortController();
		this.running = running;
		let pause = FIRST_PAUSE;
		while (this.running === running && this.wanted()) {
			const asked = this.now();
			try {
				const events = await this.read(running.signal);
				if (this.running !== running) return;
				pause = FIRST_PAUSE;
				if (events.length > 0) this.report(events);
				else if (this.now() - asked < FIRST_PAUSE) await this.rest(FIRST_PAUSE); // what is between may not wait
			} catch (error) {
				if (this.running !== running) return;
				this.refused = isRefusal(error);
				if (this.refused) break;
				await this.rest(pause);
				pause = Math.min(2 * pause, LONGEST_PAUSE);
			}
		}
		if (this.running === running) this.stop();
	}

	/** @param {number} pause */
	rest(pause) {
		return new Promise((done) => this.later(() => done(undefined), pause * (0.75 + Math.random() / 2)));
	}

	/**
	 * read waits for what comes after what is known. The first one only finds out where the chain ends.
	 * @param {AbortSignal} signal
	 * @returns {Promise<any[]>}
	 */
	async read(signal) {
		if (this.sequence === null) {
			const { events } = await this.get("/v1/events", { query: { limit: 1 }, signal });
			this.sequence = events[0]?.sequence ?? 0;
		}
		const query = { order: "asc", limit: PAGE, wait: WAIT, cursor: this.sequence || undefined };
		const { events } = await this.get("/v1/events", { query, signal });
		this.sequence = events.at(-1)?.sequence ?? this.sequence;
		return events;
	}

	/** @param {any[]} events */
	report(events) {
		const change = {
			events, targets: new Set(events.map((e) => e.target)), keyspaces: new Set(events.map((e) => e.keyspace ?? "")),
		};
		for (const f of [...this.listeners]) f(change);
	}
}

/**
 * isRefusal tells a server that will not answer from one that does not at the moment.
 * @param {any} error
 */
function isRefusal(error) {
	return error?.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}
