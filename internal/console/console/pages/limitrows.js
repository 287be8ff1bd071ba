// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Check, Rows, Text } from "./inputs.js";
import { emptyLimit } from "./policyform.js";

/**
 * Rate limits as rows.
 * @param {{form: import("./inputs.js").Form, name: string, none: string}} props
 */
export function LimitRows({ form, name, none }) {
	return html`<${Rows} form=${form} name=${name} of="limit" empty=${emptyLimit} none=${none}>${(/** @type {any} */ row) => html`
		<${Text} form=${row} name="name" label="Name" placeholder="requests" />
		<${Text} form=${row} name="limit" label="Units" inputmode="numeric" class="short" />
		<${Text} form=${row} name="window" label="In each" placeholder="1m" class="short" />
		<${Text} form=${row} name="burst" label="At once" optional inputmode="numeric" class="short" />
		<${Check} form=${row} name="auto" label="At every verification" />`}
	<//>`;
}
