// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";
import { Page } from "../layout.js";

export default function Overview() {
	return html`<${Page} title="Overview"><//>`;
}
