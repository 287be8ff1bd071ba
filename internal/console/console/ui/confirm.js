// SPDX-License-Identifier: Apache-2.0

import { html, useState } from "../view.js";
import { useAct } from "../load.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { ProblemNotice } from "./notice.js";

/**
 * Asks before an act. What cannot be undone wants a name typed.
 * @param {{title: any, verb: string, type?: string, danger?: boolean, act: () => Promise<unknown>, onClose: () => void, children?: any}} props
 * type: what must be typed; verb: what the button says.
 */
export function Confirm({ title, verb, type, danger, act, onClose, children }) {
	const [typed, setTyped] = useState("");
	const doing = useAct(act);
	const ready = !type || typed.trim() === type;
	const submit = async (/** @type {Event} */ event) => {
		event.preventDefault();
		if (ready && (await doing.run())) onClose();
	};
	return html`<${Dialog} title=${title} onClose=${onClose}>
		<form class="stack" onSubmit=${submit} autocomplete="off">
			${children}
			${type && html`<${Field} label=${html`Type <bdi class="mono typed">${type}</bdi> to confirm`}>
				${(/** @type {any} */ a) => html`<input ...${a} value=${typed} onInput=${(/** @type {any} */ e) => setTyped(e.target.value)} autocapitalize="none" spellcheck=${false} dir="auto" />`}
			<//>`}
			<${ProblemNotice} problem=${doing.problem} />
			<div class="actions">
				<${Button} kind=${danger || type ? "danger" : "primary"} type="submit" disabled=${!ready} busy=${doing.busy}>${verb}<//>
				<${Button} onClick=${onClose}>Cancel<//>
			</div>
		</form>
	<//>`;
}
