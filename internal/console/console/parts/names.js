// SPDX-License-Identifier: Apache-2.0

// How a key is written where it is named. What people wrote is shown as text, in its own direction.

import { html } from "../view.js";
import { Badge, State } from "../ui.js";

/** What a key is called; its public segments where it has no name. @param {any} r */
export const nameOf = (r) => plain(r.name || r.display || r.id);

/** Text whose signs stand in the order in which they are shown: marks that turn it around are made visible. @param {string} text */
export const plain = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (mark) => "⟨U+" + mark.charCodeAt(0).toString(16).toUpperCase() + "⟩");

/** @param {{of: any, href?: string}} props */
export const KeyName = ({ of, href = "/console/keys/" + of.id }) => html`<a class="name" dir="auto" href=${href} title=${nameOf(of)}>${nameOf(of)}</a>`;

/** An owner, or none. @param {{of?: string}} props */
export const Owner = ({ of }) => (of ? html`<span class="name" dir="auto" title=${plain(of)}>${plain(of)}</span>` : html`<span class="faint">none</span>`);

/** The secrets of a record that were rotated out and still verify. @param {any} r */
export const inGrace = (r) => r.secrets.filter((/** @type {any} */ s) => s.secret === "previous" && (!s.expires_at || new Date(s.expires_at) > new Date()));

/** The state of a key, and what is about to become of it. @param {{of: any}} props */
export function States({ of }) {
	return html`<span class="states"><${State} of=${of.state} />
		${of.decoy && html` <${Badge} kind="warn">decoy<//>`}
		${of.state === "active" && inGrace(of).length > 0 && html` <${Badge} kind="warn">in grace<//>`}
		${of.rotation_due && html` <${Badge} kind="warn">rotation due<//>`}
		${of.expires_soon && html` <${Badge} kind="warn">expires soon<//>`}
	</span>`;
}

/** @param {{of?: string[], max?: number}} props */
export function Scopes({ of = [], max = 3 }) {
	if (!of.length) return html`<span class="faint">none</span>`;
	return html`<ul class="chips">${of.slice(0, max).map((s) => html`<li key=${s}>${s}</li>`)}${of.length > max && html`<li title=${of.slice(max).join(", ")}>+${of.length - max}</li>`}</ul>`;
}

/** Whether a text may hold a whole key, which must go neither into an address nor into a search. @param {string} text */
export const looksLikeKey = (text) => /[A-Za-z0-9_-]{36,}/.test(text) && !/^key_[A-Za-z0-9]{22}$/.test(text.trim());

export const LEFT_OUT = "This looks like a whole key, so it is not searched for. Type only its public id, the part behind the environment.";
