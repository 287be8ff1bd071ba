// SPDX-License-Identifier: Apache-2.0

// Signing in: a service key is exchanged for a cookie. The field is emptied at once, and the key is kept nowhere.

import { html, useEffect, useRef } from "./view.js";
import { useStore } from "./store.js";
import { away } from "./api.js";
import { asking, settle, signIn } from "./session.js";
import { useAct } from "./load.js";
import { Button, Dialog, Field, Notice, ProblemNotice } from "./ui.js";

/** The whole page, where nobody is signed in. */
export function SignIn() {
	const gone = useStore(away);
	useEffect(() => {
		document.title = "Sign in · Keywright";
	}, []);
	return html`<main class="alone">
		<h1>Keywright</h1>
		<div role="status">${gone && html`<${Notice} kind="bad" title="The server does not answer">Trying again…<//>`}</div>
		<section class="panel" aria-labelledby="sign-in-title">
			<h2 id="sign-in-title">Sign in</h2>
			<${KeyForm} />
		</section>
		<details class="how">
			<summary>Where do I get a service key?</summary>
			<p>At its first start <code>keywright serve</code> makes the first one. On your own machine it is in the profile <code>local</code>, <code>~/.config/keywright/profiles/local.json</code>, or in the file that <code>--admin-key-file</code> names; elsewhere it was shown once, or is in the file <code>admin-key</code> in the data folder.</p>
			<p>Whoever has one can make more, each with only the scopes that it needs: keys of the keyspace <code>keywright</code> are service keys.</p>
		</details>
	</main>`;
}

/** Over the page, when a session has ended: what was begun goes on after it. */
export function SignInDialog() {
	if (!useStore(asking)) return null;
	return html`<${Dialog} title="Your session has ended" onClose=${() => settle(false)}>
		<p>Sign in again to go on. Nothing that you typed is lost, and what you were doing is done once, after that.</p>
		<${KeyForm} again />
	<//>`;
}

/** @param {{again?: boolean}} props */
function KeyForm({ again }) {
	const input = useRef(/** @type {HTMLInputElement | null} */ (null));
	const act = useAct(signIn);
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		const field = /** @type {HTMLInputElement} */ (input.current);
		const key = field.value.trim();
		field.value = "";
		field.focus();
		if (key) act.run(key);
	};
	useEffect(() => input.current?.focus(), []);
	return html`<form class="stack" onSubmit=${submit} autocomplete="off">
		<${Field} label="Service key" hint="Exchanged for a cookie that no script can read. The key itself is not kept.">
			${(/** @type {any} */ a) => html`<input ...${a} ref=${input} type="password" autocomplete="off" autocapitalize="none" spellcheck=${false} required class="mono" />`}
		<//>
		<${ProblemNotice} problem=${act.problem} />
		<div class="actions">
			<${Button} kind="primary" type="submit" busy=${act.busy}>Sign in<//>
			${again && html`<${Button} onClick=${() => settle(false)}>Not now<//>`}
		</div>
	</form>`;
}
