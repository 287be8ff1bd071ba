// SPDX-License-Identifier: Apache-2.0

/** tabs lets the tabs of a part of the page choose what is seen: by click, and by arrow keys, Home and End. @param {HTMLElement} part */
export function tabs(part) {
	const all = /** @type {HTMLElement[]} */ ([...part.querySelectorAll('[role="tab"]')]);
	/** @param {HTMLElement} chosen */
	const choose = (chosen) => {
		for (const tab of all) {
			const selected = tab === chosen;
			tab.setAttribute("aria-selected", String(selected));
			tab.tabIndex = selected ? 0 : -1;
			const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
			if (panel) {
				panel.hidden = !selected;
			}
		}
	};
	for (const [i, tab] of all.entries()) {
		tab.addEventListener("click", () => choose(tab));
		tab.addEventListener("keydown", (event) => {
			const to = { ArrowRight: i + 1, ArrowLeft: i - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
			if (to !== undefined) {
				event.preventDefault();
				choose(all[to % all.length]);
				all[to % all.length].focus();
			}
		});
	}
}
