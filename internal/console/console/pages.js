// SPDX-License-Identifier: Apache-2.0

// Every page of the console: where it is, what it is called, and the scope without which it would be empty. Pages with a
// group are in the menu.

/**
 * @typedef {{path: string, title: string, scope?: string, group?: string, load: () => Promise<{default: any}>}} Page
 */

/** @type {Page[]} */
export const PAGES = [
	{ path: "/console", title: "Overview", group: "Keys", load: () => import("./pages/overview.js") },
	{ path: "/console/keys", title: "Keys", scope: "keys:read", group: "Keys", load: () => import("./pages/keys.js") },
	{ path: "/console/issue", title: "Issue a key", scope: "keys:issue", group: "Keys", load: () => import("./pages/issue.js") },
	{ path: "/console/keys/{id}", title: "Key", scope: "keys:read", load: () => import("./pages/key.js") },
	{ path: "/console/keys/{id}/rotate", title: "Rotate", scope: "keys:rotate", load: () => import("./pages/rotate.js") },
];

export const GROUPS = ["Keys", "Rules", "Watch", "Tools", "Server"];
