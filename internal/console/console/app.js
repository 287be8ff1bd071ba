// SPDX-License-Identifier: Apache-2.0

// The console: a page for each path, for whoever is signed in.

import { html, render, useEffect, useState } from "./view.js";
import { useStore } from "./store.js";
import { match, place } from "./router.js";
import { PAGES } from "./pages.js";
import { session, refresh } from "./session.js";
import { watchForServer, away } from "./api.js";
import { Layout, Page } from "./layout.js";
import { SignIn, SignInDialog } from "./signin.js";
import { Button, Notice, Waiting } from "./ui.js";

function App() {
	const who = useStore(session);
	const gone = useStore(away);
	useEffect(() => {
		if (who === undefined && !gone) refresh().catch(watchForServer);
	}, [gone]);
	if (who === undefined) return gone ? html`<main class="alone"><${Notice} kind="bad" title="The server does not answer">Trying again…<//></main>` : html`<main class="alone"><${Waiting} /></main>`;
	return who === null ? html`<${SignIn} />` : html`<${Layout}><${Route} /><//><${SignInDialog} />`;
}

/** The page of the path. Its code is loaded when it is first shown. */
function Route() {
	const { path } = useStore(place);
	const [shown, setShown] = useState(/** @type {any} */ (null));
	const [turn, setTurn] = useState(0);
	useEffect(() => {
		let live = true;
		const found = find(path);
		if (!found) {
			setShown({ path, missing: true });
			return undefined;
		}
		found.page.load().then(
			(loaded) => live && setShown({ path, component: loaded.default, values: found.values, page: found.page }),
			(problem) => {
				console.error(problem);
				if (live) setShown({ path, failed: true });
			},
		);
		return () => {
			live = false;
		};
	}, [path, turn]);
	if (!shown) return html`<${Waiting} />`;
	if (shown.missing) return html`<${Page} title="No such page"><p>There is no page at this address. <a href="/console/">Go to the overview</a>.</p><//>`;
	if (shown.failed) {
		return html`<${Page} title="The page could not be loaded">
			<${Notice} kind="bad" title="The server did not send it"><${Button} onClick=${() => setTurn(turn + 1)}>Try again<//><//>
		<//>`;
	}
	const { component: Shown, values } = shown;
	return html`<${Shown} key=${shown.path} ...${values} />`;
}

/** @param {string} path */
function find(path) {
	for (const page of PAGES) {
		const values = match(page.path, path);
		if (values) return { page, values };
	}
	return null;
}

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${App} />`, root);
