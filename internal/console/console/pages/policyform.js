// SPDX-License-Identifier: Apache-2.0

// The policy of a keyspace as the fields of a form, and back. What a form holds is text, as it was typed; the server says what
// of it cannot be, and names the field.

/** @typedef {{name: string, limit: string, window: string, burst: string, auto: boolean}} LimitFields */
/** @typedef {{name: string, scopes: string}} RoleFields */
/** @typedef {{method: string, path: string, scopes: string, scope_expr: string, cost: string, environment: string}} RouteFields */

/**
 * @typedef {object} PolicyFields
 * @property {string} max_life
 * @property {string} max_grace
 * @property {boolean} require_owner
 * @property {string} allowed_scopes
 * @property {string} publishable_scopes
 * @property {string} default_format
 * @property {string} pepper
 * @property {RoleFields[]} roles
 * @property {LimitFields[]} key_limits
 * @property {LimitFields[]} owner_limits
 * @property {LimitFields[]} limits
 * @property {boolean} rotates
 * @property {{every: string, warn: string, grace: string, idle: string}} rotation
 * @property {boolean} exchanges
 * @property {{life: string, audience: string, spend: string, algorithm: string}} exchange
 * @property {RouteFields[]} routes
 * @property {string} routes_default
 * @property {string} limiter_away
 * @property {{secret: string, delay: string}} leaks
 * @property {Record<string, unknown>} rest what this form does not show, of a newer server: it is sent back as it came
 */

/** The kinds of limits, in the order in which a form shows them. */
export const LIMITS = /** @type {const} */ (["key_limits", "owner_limits", "limits"]);

/** @param {string[] | undefined} list */
const textOf = (list) => (list ?? []).join("\n");

/**
 * words reads a list as people type it: by lines, spaces or commas.
 * @param {string} text
 * @returns {string[] | undefined}
 */
export function words(text) {
	const found = text.split(/[\s,]+/).filter(Boolean);
	return found.length > 0 ? found : undefined;
}

/** @returns {LimitFields} */
export const emptyLimit = () => ({ name: "", limit: "", window: "1m", burst: "", auto: true });

/** @returns {RouteFields} */
export const emptyRoute = () => ({ method: "", path: "", scopes: "", scope_expr: "", cost: "", environment: "" });

/** @param {any} limit @returns {LimitFields} */
export function limitFields(limit) {
	return { name: limit.name, limit: String(limit.limit), window: limit.window, burst: limit.burst ? String(limit.burst) : "", auto: Boolean(limit.auto) };
}

/**
 * limitOf reads a row. What is no number is sent as it is, so that the server says what would do.
 * @param {LimitFields} fields
 */
export function limitOf(fields) {
	return clean({ name: fields.name, limit: number(fields.limit) ?? 0, window: fields.window, burst: number(fields.burst), auto: fields.auto || undefined });
}

/**
 * @param {any} policy
 * @returns {PolicyFields}
 */
export function fieldsOf(policy) {
	return {
		max_life: policy.max_life ?? "", max_grace: policy.max_grace ?? "", require_owner: Boolean(policy.require_owner),
		allowed_scopes: textOf(policy.allowed_scopes), publishable_scopes: textOf(policy.publishable_scopes),
		default_format: policy.default_format ?? "", pepper: policy.pepper ?? "",
		roles: Object.entries(policy.roles ?? {}).map(([name, scopes]) => ({ name, scopes: textOf(scopes) })),
		key_limits: (policy.key_limits ?? []).map(limitFields), owner_limits: (policy.owner_limits ?? []).map(limitFields), limits: (policy.limits ?? []).map(limitFields),
		rotates: Boolean(policy.rotation),
		rotation: { every: "2160h", warn: "", grace: "", idle: "", ...policy.rotation },
		exchanges: Boolean(policy.exchange),
		exchange: { life: "5m", spend: "", algorithm: "", ...policy.exchange, audience: textOf(policy.exchange?.audience) },
		routes: (policy.routes ?? []).map((/** @type {any} */ r) => ({ ...emptyRoute(), ...r, scopes: textOf(r.scopes), cost: r.cost ? String(r.cost) : "" })),
		routes_default: policy.routes_default ?? "", limiter_away: policy.limiter_away ?? "",
		leaks: { secret: "", delay: "", ...policy.leaks },
		rest: Object.fromEntries(Object.entries(policy).filter(([name]) => !SHOWN.includes(name))),
	};
}

/** The fields of a policy that the form shows. */
const SHOWN = [
	"max_life", "max_grace", "require_owner", "allowed_scopes", "publishable_scopes", "default_format", "pepper", "roles", "key_limits", "owner_limits", "limits",
	"rotation", "exchange", "routes", "routes_default", "limiter_away", "leaks",
];

/**
 * @param {PolicyFields} fields
 */
export function policyOf(fields) {
	const { rotation: r, exchange: e, leaks } = fields;
	return clean({
		...fields.rest,
		max_life: fields.max_life, max_grace: fields.max_grace, require_owner: fields.require_owner || undefined,
		allowed_scopes: words(fields.allowed_scopes), publishable_scopes: words(fields.publishable_scopes),
		default_format: fields.default_format, pepper: fields.pepper,
		roles: fields.roles.length > 0 ? Object.fromEntries(fields.roles.map((role) => [role.name, words(role.scopes) ?? []])) : undefined,
		key_limits: rows(fields.key_limits, limitOf), owner_limits: rows(fields.owner_limits, limitOf), limits: rows(fields.limits, limitOf),
		rotation: fields.rotates ? clean({ every: r.every || "0s", warn: r.warn, grace: r.grace, idle: r.idle }) : undefined,
		exchange: fields.exchanges ? clean({ life: e.life || "0s", audience: words(e.audience), spend: e.spend, algorithm: e.algorithm }) : undefined,
		routes: rows(fields.routes, (route) => clean({ ...route, scopes: words(route.scopes), cost: number(route.cost) })),
		routes_default: fields.routes_default, limiter_away: fields.limiter_away,
		leaks: leaks.secret ? clean({ secret: leaks.secret, delay: leaks.secret === "delay" ? leaks.delay : undefined }) : undefined,
	});
}

/**
 * twice returns a role whose name another has too: of those the server would see one alone.
 * @param {PolicyFields} fields
 */
export function twice(fields) {
	const names = fields.roles.map((role) => role.name);
	return names.findIndex((name, i) => names.indexOf(name) < i);
}

/**
 * controlOf returns the name of the control that a field of a problem is about: policy.roles.NAME[2] is a line of the
 * scopes of a role.
 * @param {string} field
 * @param {PolicyFields} fields
 */
export function controlOf(field, fields) {
	const path = field.replace(/^body\./, "").replace(/^policy\./, "");
	const role = /^roles\.([^[]*)/.exec(path);
	if (role) return `roles[${fields.roles.findIndex((r) => r.name === role[1])}].scopes`;
	if (path === "roles") return `roles[${Math.max(0, fields.roles.findIndex((r) => !/^[a-z0-9-]{1,64}$/.test(r.name)))}].name`;
	return path.replace(/(scopes|audience)\[\d+\]$/, "$1");
}

/** @template T @template U @param {T[]} list @param {(row: T) => U} read */
function rows(list, read) {
	return list.length > 0 ? list.map(read) : undefined;
}

/** @param {string} text */
function number(text) {
	if (text.trim() === "") return undefined;
	const n = Number(text);
	return Number.isFinite(n) ? n : text;
}

/**
 * clean leaves out what is not said.
 * @param {Record<string, unknown>} given
 */
function clean(given) {
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ""));
}
