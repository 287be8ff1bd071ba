// SPDX-License-Identifier: Apache-2.0

// A Batch is the keys of the page, the only place that holds them. They live until the next ones, or until the page is left.

import { duplicateProbability, entropy, probabilityText, strength } from "./keywright/entropy.js";
import { make } from "./keywright/generate.js";
import { formatOf, Problem } from "./settings.js";

/** @typedef {ReturnType<typeof make>[number]} MadeKey */

export class Batch {
	/** @type {MadeKey[]} */
	keys = [];
	/** @type {any} the format of the keys */
	format = undefined;
	/** @type {Problem|undefined} why there are none */
	problem = undefined;
	/** @type {Set<number>} the keys that were copied or downloaded */
	#taken = new Set();

	/** make replaces the keys by new ones. @param {import("./settings.js").Settings} settings */
	make(settings) {
		this.clear();
		try {
			if (typeof globalThis.crypto?.getRandomValues !== "function") {
				throw new Problem("", "This browser has no Web Crypto", "Keys need its random generator, and this page takes no other. Open it in a current browser that you trust.");
			}
			this.format = formatOf(settings);
			this.keys = make(this.format, settings.count);
		} catch (error) {
			this.clear();
			this.problem = error instanceof Problem ? error :
				new Problem("", "No randomness", "The browser’s random generator failed, so no key was made. Load the page again, or use another browser.");
		}
	}

	/** clear lets go of the keys. */
	clear() {
		this.keys = [];
		this.format = undefined;
		this.problem = undefined;
		this.#taken.clear();
	}

	/** take notes that the user has these keys now. @param {Iterable<number>} [rows] all, where not given */
	take(rows = this.keys.keys()) {
		for (const row of rows) {
			this.#taken.add(row);
		}
	}

	/** untaken is how many keys would be lost with the page. */
	get untaken() {
		return this.keys.length - this.#taken.size;
	}

	/** bits of entropy of one secret, never more than there are. */
	get bits() {
		return this.format ? Math.floor(entropy(this.format)) : 0;
	}

	/** strength in a word that begins with a capital. */
	get strength() {
		const word = strength(this.bits);
		return word[0].toUpperCase() + word.slice(1);
	}

	/** duplicates is the chance that two secrets of the batch are alike, for people. */
	get duplicates() {
		return probabilityText(this.format ? duplicateProbability(this.keys.length, entropy(this.format)) : 0);
	}

	/** randomSize says what one secret is made of. */
	get randomSize() {
		const { bytes, chars } = this.format.secret;
		return bytes ? `${bytes} random bytes` : `${chars} random characters`;
	}
}
