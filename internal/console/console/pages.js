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
	{ path: "/console/keyspaces", title: "Keyspaces", scope: "keyspaces:read", group: "Rules", load: () => import("./pages/keyspaces.js") },
	{ path: "/console/keyspaces/{name}", title: "Keyspace", scope: "keyspaces:read", load: () => import("./pages/keyspace.js") },
	{ path: "/console/create-keyspace", title: "Create a keyspace", scope: "keyspaces:write", load: () => import("./pages/createkeyspace.js") },
	{ path: "/console/owners", title: "Owners", scope: "owners:read", group: "Rules", load: () => import("./pages/owners.js") },
	{ path: "/console/owners/{keyspace}/{id}", title: "Owner", scope: "owners:read", load: () => import("./pages/owner.js") },
	{ path: "/console/leaks", title: "Leaks", scope: "leaks:read", group: "Watch", load: () => import("./pages/leaks.js") },
	{ path: "/console/leaks/{id}", title: "Leak", scope: "leaks:read", load: () => import("./pages/leak.js") },
	{ path: "/console/report-leak", title: "Report a leak", scope: "leaks:report", load: () => import("./pages/reportleak.js") },
	{ path: "/console/audit", title: "Audit", scope: "audit:read", group: "Watch", load: () => import("./pages/audit.js") },
	{ path: "/console/chain", title: "Audit chain", scope: "audit:read", load: () => import("./pages/chain.js") },
	{ path: "/console/webhooks", title: "Webhooks", scope: "webhooks:read", group: "Watch", load: () => import("./pages/webhooks.js") },
	{ path: "/console/webhooks/{id}", title: "Webhook", scope: "webhooks:read", load: () => import("./pages/webhook.js") },
	{ path: "/console/create-webhook", title: "Create a webhook", scope: "webhooks:write", load: () => import("./pages/createwebhook.js") },
	{ path: "/console/explain", title: "Explain", scope: "keys:verify", group: "Tools", load: () => import("./pages/explain.js") },
	{ path: "/console/import", title: "Import", scope: "keys:import", group: "Tools", load: () => import("./pages/import.js") },
	{ path: "/console/service-keys", title: "Service keys", scope: "admin:write", group: "Server", load: () => import("./pages/servicekeys.js") },
	{ path: "/console/nodes", title: "Nodes", scope: "nodes:read", group: "Server", load: () => import("./pages/nodes.js") },
	{ path: "/console/settings", title: "Settings", group: "Server", load: () => import("./pages/settings.js") },
];

export const GROUPS = ["Keys", "Rules", "Watch", "Tools", "Server"];
