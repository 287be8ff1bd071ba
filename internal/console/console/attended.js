// SPDX-License-Identifier: Apache-2.0

// Whether somebody is at the page. One that asks by itself while nobody is would keep its session alive.

const ATTENDED = 10 * 60_000;
let used = Date.now();
for (const sign of ["pointerdown", "pointermove", "keydown", "wheel"]) {
	addEventListener(sign, () => {
		used = Date.now();
	}, { passive: true });
}

export const attended = () => document.visibilityState === "visible" && Date.now() - used < ATTENDED;
