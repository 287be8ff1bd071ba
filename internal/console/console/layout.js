// SPDX-License-Identifier: Apache-2.0

// What stands around every page: the menu, who is signed in, and what is wrong with the server.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./view.js";
import { useStore } from "./store.js";
import { go, leaving, match, place } from "./router.js";
import { GROUPS, PAGES } from "./pages.js";
import { session, signOut } from "./session.js";
import { away } from "./api.js";
import { grants } from "./scope.js";
import { useAct } from "./load.js";
import { Button, Dialog, Notice } from "./ui.js";

/** @param {{children: any}} props */
export function Layout({ children }) {
	const gone = useStore(away);
	const { path } = useStore(place);
	const [open, setOpen] = useState(false);
	useEffect(() => setOpen(false), [path]);
	return html`
		<a class="skip" href="#main" onClick=${skip}>Skip to the page</a>
		<header class="top">
			<${Button} kind="menu" aria-expanded=${open} aria-controls="menu" onClick=${() => setOpen(!open)}>Menu<//>
			<a class="mark" href="/console/">Keywright</a>
			<${Who} />
		</header>
		<div class="frame">
			<nav id="menu" class=${open ? "open" : ""} aria-label="Console" onKeyDown=${(/** @type {KeyboardEvent} */ e) => e.key === "Escape" && setOpen(false)}><${Menu} path=${path} /></nav>
			<main id="main">
				<div role="status" class="banner">${gone && html`<${Notice} kind="bad" title="The server does not answer">What you typed is kept. Trying again…<//>`}</div>
				${children}
			</main>
		</div>
		<${Leaving} />`;
}

/** @param {Event} event */
function skip(event) {
	event.preventDefault();
	/** @type {HTMLElement | null} */ (document.querySelector("#main h1"))?.focus();
}

/** @param {{path: string}} props */
function Menu({ path }) {
	const scopes = useStore(session)?.scopes;
	const here = PAGES.find((page) => match(page.path, path));
	return GROUPS.map((group) => {
		const pages = PAGES.filter((page) => page.group === group && grants(scopes, page.scope));
		return pages.length > 0 && html`<section key=${group}>
			<h2>${group}</h2>
			<ul>
				${pages.map((page) => html`<li key=${page.path}>
					<a href=${page.path === "/console" ? "/console/" : page.path} aria-current=${here === page ? "page" : page.path !== "/console" && here?.path.startsWith(page.path + "/") ? "true" : undefined}>${page.title}</a>
				</li>`)}
			</ul>
		</section>`;
	});
}

function Who() {
	const who = useStore(session);
	const out = useAct(signOut);
	if (!who) return null;
	return html`<div class="who">
		<span class="visually-hidden">Signed in with the service key</span>
		<bdi class="who-name" title=${who.key_id}>${who.name || who.key_id}</bdi>
		${out.problem && html`<span class="problem" role="alert">${out.problem.detail}</span>`}
		<${Button} small busy=${out.busy} onClick=${out.run}>Sign out<//>
	</div>`;
}

/** Asks before something that cannot be had again is left. */
function Leaving() {
	const asked = useStore(leaving);
	if (!asked) return null;
	const stay = () => leaving.set(null);
	const leave = () => {
		leaving.set(null);
		go(asked.to, { force: true });
	};
	return html`<${Dialog} title="Leave this page?" onClose=${stay}>
		<p>${asked.why}</p>
		<div class="actions"><${Button} kind="primary" onClick=${stay}>Stay<//><${Button} kind="danger" onClick=${leave}>Leave<//></div>
	<//>`;
}

let first = true;

/**
 * A page: its heading takes the focus after a way to it, and names the window.
 * @param {{title: string, label?: any, intro?: any, actions?: any, children?: any}} props title names the window; label is
 * shown in its place where it is more than text.
 */
export function Page({ title, label, intro, actions, children }) {
	const heading = useRef(/** @type {HTMLElement | null} */ (null));
	useLayoutEffect(() => {
		if (!first) heading.current?.focus({ preventScroll: true });
		first = false;
	}, []);
	useEffect(() => {
		document.title = title + " · Keywright";
	}, [title]);
	return html`<div class="page">
		<div class="page-head">
			<h1 tabindex="-1" ref=${heading} dir="auto">${label ?? title}</h1>
			${actions && html`<div class="actions">${actions}</div>`}
		</div>
		${intro && html`<p class="intro">${intro}</p>`}
		${children}
	</div>`;
}

