// SPDX-License-Identifier: Apache-2.0

// The few things that every view needs of the document.

/** find is the element with an id, which is there. @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export function find(id) {
	const found = document.getElementById(id);
	if (!found) {
		throw new Error(`the page has no #${id}`);
	}
	return /** @type {T} */ (found);
}

/**
 * element makes one. Attributes that are false or undefined are left out, those that are true are empty.
 *
 * @param {string} tag
 * @param {Record<string, string|number|boolean|undefined>} [attributes]
 * @param {...(Node|string)} children
 */
export function element(tag, attributes = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== false && value !== undefined) {
			made.setAttribute(name, value === true ? "" : String(value));
		}
	}
	made.append(...children);
	return made;
}

/** say tells those who listen to the page rather than look at it. Never a key. @param {string} text */
export function say(text) {
	const status = find("status");
	status.textContent = status.textContent === text ? `${text}\u00a0` : text; // the same text twice is said twice
}
