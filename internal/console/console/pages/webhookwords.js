// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Badge, Time } from "../ui.js";
import { counted } from "./policywords.js";

/** @type {Record<string, string>} */
export const KINDS = { webhook: "Webhook", http: "Export over HTTP", syslog: "Export to syslog", file: "Export to a file" };

/** How a webhook is, in one word. @param {{of: any}} props */
export function Health({ of: w }) {
	if (w.disabled) return html`<${Badge} kind="warn">${w.reason ? "disabled by the server" : "disabled"}<//>`;
	if (w.failing_since) return html`<${Badge} kind="bad">failing<//>`;
	return w.dead > 0 ? html`<${Badge} kind="warn">works, with dead deliveries<//>` : html`<${Badge} kind="good">works<//>`;
}

/** What waits, and since when. @param {{of: any}} props */
export function Waits({ of: w }) {
	const said = [w.pending > 0 && `${w.pending.toLocaleString("en")} tried again`, w.dead > 0 && `${w.dead.toLocaleString("en")} given up`, w.behind > 0 && `${counted(w.behind, "event")} behind`].filter(Boolean);
	return html`${said.length > 0 ? said.join(" · ") : html`<span class="faint">nothing</span>`}${w.failing_since && html`<div class="hint">failing since <${Time} at=${w.failing_since} />: ${w.last_problem}</div>`}`;
}
