// SPDX-License-Identifier: Apache-2.0

// Ends a key for good, and tells what that means from now on.

import { html, useState } from "../view.js";
import { post } from "../api.js";
import { Confirm, Field, Notice, Time } from "../ui.js";
import { absolute } from "../ui/time.js";
import { nameOf } from "../parts/names.js";

/** What must be typed to confirm: the name, or the public id where the name cannot be typed. @param {any} r */
export const phraseOf = (r) => (r.name && /^[\x20-\x7e]{1,40}$/.test(r.name) ? r.name.trim() : r.public_id || r.id);

/** @param {{record: any, onClose: () => void, onRevoked: (receipt: any) => void}} props */
export function RevokeDialog({ record, onClose, onRevoked }) {
	const [reason, setReason] = useState("");
	return html`<${Confirm} title="Revoke this key for good?" verb="Revoke" type=${phraseOf(record)} onClose=${onClose}
		act=${async () => onRevoked(await post(`/v1/keys/${record.id}/revoke`, reason.trim() ? { reason: reason.trim() } : {}))}>
		<p>All secrets of <bdi>${nameOf(record)}</bdi> are refused from then on, and so are the keys that were made from it. This cannot be undone; disabling can.</p>
		<p>Last used: <${Time} at=${record.last_used_at} />.</p>
		<${Field} label="Reason" optional hint="Kept with the key and in the audit chain.">
			${(/** @type {any} */ a) => html`<input ...${a} dir="auto" maxlength="200" value=${reason} onInput=${(/** @type {any} */ e) => setReason(e.target.value)} />`}
		<//>
	<//>`;
}

/** The receipt, in words. @param {{receipt: any}} props */
export function Receipt({ receipt }) {
	return html`<${Notice} kind="good" title="Revoked" role="status">
		<p>Since <time datetime=${receipt.effective_at}>${absolute(receipt.effective_at)}</time> no node answers VALID for this key.</p>
		${receipt.tokens_until ? html`<p>Keys of this keyspace were exchanged for tokens. One of this key may be accepted until <time datetime=${receipt.tokens_until}>${absolute(receipt.tokens_until)}</time> by whoever verifies offline and does not follow the revocations.</p>` : html`<p>No token that it was exchanged for is left.</p>`}
	<//>`;
}
