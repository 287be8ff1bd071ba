// SPDX-License-Identifier: Apache-2.0

import { html, useEffect, useRef, useState } from "../view.js";
import { useGuard } from "../router.js";
import { Button } from "./button.js";
import { Copy } from "./copy.js";
import { Choice } from "./field.js";

const KEPT = "Store it now where the one who uses it will find it, such as a secret manager. Keywright keeps only its hash and cannot show it again.";

/**
 * A secret that is shown once: masked until somebody wants to see it. It can be closed when it is said to be stored.
 * @param {{label?: string, secret: string, file?: string, warnings?: string[], onDone: () => void, done?: string, kept?: string, children?: any}} props
 * file: what a download is called; kept: what to do with it, and what the server keeps. The page that owns the secret forgets it in onDone.
 */
export function SecretBox({ label = "The key", secret, file = "key.txt", warnings, onDone, done = "Done", kept = KEPT, children }) {
	const [shown, setShown] = useState(false);
	const [stored, setStored] = useState(false);
	const box = useRef(/** @type {HTMLElement | null} */ (null));
	useGuard(!stored && "The key has not been marked as stored. It cannot be shown again.");
	useEffect(() => box.current?.focus(), []);
	const download = () => {
		const link = document.createElement("a");
		link.href = URL.createObjectURL(new Blob([secret + "\n"], { type: "text/plain" }));
		link.download = file;
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 1000);
	};
	return html`<section class="panel secretbox" aria-label=${label + ", shown once"} tabindex="-1" ref=${box}>
		<h2>${label} <span class="badge warn">shown once</span></h2>
		<p>${kept}</p>
		<output class="secret mono" aria-label=${label}>${shown ? secret : mask(secret)}</output>
		<div class="actions">
			<${Button} small aria-pressed=${shown} onClick=${() => setShown(!shown)}>${shown ? "Hide" : "Show"}<//>
			<${Copy} text=${secret} what=${label} />
			<${Button} small onClick=${download}>Download<//>
		</div>
		${warnings?.map((text) => html`<p class="hint">${text}</p>`)}
		${children}
		<${Choice} label="I have stored it" checked=${stored} onChange=${(/** @type {any} */ e) => setStored(e.target.checked)} />
		<div class="actions"><${Button} kind="primary" disabled=${!stored} onClick=${onDone}>${done}<//></div>
	</section>`;
}

/** What may be seen by who looks over a shoulder: the label at the front. @param {string} secret */
function mask(secret) {
	const label = /^[a-z0-9]{1,12}_(?:(?:live|test)_)?/.exec(secret)?.[0] ?? "";
	return label + "•".repeat(24);
}
