// SPDX-License-Identifier: Apache-2.0

// A key that was just issued: shown once, or told that it can no longer be shown.

import { html, useRef } from "../view.js";
import { newIdempotencyKey, post } from "../api.js";
import { Notice, SecretBox } from "../ui.js";
import { nameOf } from "./names.js";

/**
 * Sends a request so that its repeat does nothing twice: the same content has the same Idempotency-Key, also after a lost
 * answer or an ended session.
 */
export function useOnce() {
	const last = useRef({ text: "", key: "" });
	return async (/** @type {string} */ path, /** @type {unknown} */ body) => {
		const text = path + JSON.stringify(body);
		if (last.current.text !== text) last.current = { text, key: newIdempotencyKey() };
		const answer = await post(path, body, { headers: { "Idempotency-Key": last.current.key } });
		last.current = { text: "", key: "" };
		return answer;
	};
}

/** @param {{issued: any, onDone: () => void, label?: string, done?: string}} props */
export function Issued({ issued, onDone, label, done }) {
	const { key, record, warnings } = issued;
	if (!key) {
		return html`<${Notice} kind="warn" title="It was done, but its answer was lost on the way">
			<p>The server had done this before it was asked again, so that there is one key and not two. Its secret was in the first answer and cannot be shown again.</p>
			<p><a href=${`/console/keys/${record.id}/rotate`}>Rotate ${nameOf(record)}</a> with no grace to get a secret that you know, or <a href=${"/console/keys/" + record.id}>look at it</a>.</p>
		<//>`;
	}
	return html`<${SecretBox} label=${label} secret=${key} file=${record.id + ".txt"} warnings=${warnings} onDone=${onDone} done=${done}>
		<p class="hint">It is <bdi>${nameOf(record)}</bdi>, <code>${record.id}</code>; in logs its public id <code>${record.public_id || "(none)"}</code> may be named.</p>
	<//>`;
}
