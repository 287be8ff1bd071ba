// SPDX-License-Identifier: Apache-2.0

// The fields of a key that can be typed, with the problems of the server at them.

import { html, useMemo } from "../view.js";
import { Choice, Field } from "../ui.js";
import { LimitsField } from "./limits.js";
import { metadataProblem } from "./draft.js";
import { Words } from "./words.js";

/** The fields of a request that are shown here. */
export const FIELDS = ["name", "owner", "scopes", "roles", "limits", "metadata", "allowed_networks", "allowed_origins", "allowed_methods", "allowed_paths", "not_before", "expires_at", "expires_in"];

const SERVICE_SCOPES = ["keys:issue", "keys:read", "keys:write", "keys:rotate", "keys:revoke", "keys:verify", "keys:import", "keys:export", "keyspaces:read", "keyspaces:write", "owners:read", "owners:write", "usage:read", "audit:read", "audit:write", "webhooks:read", "webhooks:write", "leaks:report", "leaks:read", "backup:read", "metrics:read", "admin:write"];

/** Scopes that a keyspace speaks of, to choose from. @param {any} space @param {string} keyspace */
export function knownScopes(space, keyspace) {
	if (keyspace === "keywright") return SERVICE_SCOPES;
	const p = space?.policy ?? {};
	const all = [...(p.allowed_scopes ?? []), ...Object.values(p.roles ?? {}).flat(), ...(p.routes ?? []).flatMap((/** @type {any} */ r) => r.scopes ?? [])];
	return [...new Set(all)].sort();
}

/**
 * @param {{draft: import("./draft.js").Draft, set: (change: Partial<import("./draft.js").Draft>) => void, space?: any, keyspace: string, problem?: any, edit?: boolean, children?: any}} props
 * edit: of a key that is there. children: what stands between.
 */
export function RecordFields({ draft: d, set, space, keyspace, problem, edit, children }) {
	const policy = space?.policy ?? {};
	const suggest = useMemo(() => knownScopes(space, keyspace), [space, keyspace]);
	const text = (/** @type {"name" | "owner"} */ name, /** @type {string} */ label, /** @type {any} */ hint, /** @type {boolean} */ optional) => html`<${Field} label=${label} hint=${hint} name=${name} problem=${problem} optional=${optional}>
		${(/** @type {any} */ a) => html`<input ...${a} dir="auto" maxlength="200" value=${d[name]} onInput=${(/** @type {any} */ e) => set({ [name]: e.target.value })} autocomplete="off" />`}
	<//>`;
	return html`
		<section class="section panel"><h2>Who</h2>
			<div class="fields">
				${text("name", "Name", "For people: what it is used in.", true)}
				${text("owner", "Owner", policy.require_owner ? "This keyspace wants one: an id of your own." : "An id of your own.", !policy.require_owner)}
			</div>
		</section>
		<section class="section panel"><h2>What it may do</h2>
			<${Words} label="Scopes" name="scopes" problem=${problem} value=${d.scopes} onChange=${(/** @type {string[]} */ scopes) => set({ scopes })} suggest=${suggest} placeholder="invoices:read"
				hint="Each with Enter, a comma or a space. A * stands for a whole segment." />
			<${Roles} draft=${d} set=${set} roles=${policy.roles} problem=${problem} />
		</section>
		${children}
		<section class="section panel"><h2>When</h2><${Expiry} draft=${d} set=${set} problem=${problem} policy=${policy} edit=${edit} /></section>
		<section class="section panel"><h2>How much</h2>
			${!edit && html`<div class="stack tight">
				<${Choice} type="radio" name="limits" checked=${d.limits === null} onChange=${() => set({ limits: null })} label="The limits of the keyspace for new keys"
					hint=${policy.key_limits?.length ? policy.key_limits.map(limitWords).join("; ") : "It has none."} />
				<${Choice} type="radio" name="limits" checked=${d.limits !== null} onChange=${() => set({ limits: d.limits ?? [] })} label="Limits of its own" />
			</div>`}
			${d.limits && html`<${LimitsField} value=${d.limits} onChange=${(/** @type {any} */ limits) => set({ limits })} problem=${problem} />`}
		</section>
		<${Where} draft=${d} set=${set} problem=${problem} />
		<${Metadata} draft=${d} set=${set} problem=${problem} />`;
}

/** A limit in words. @param {any} l */
export const limitWords = (l) => `${l.name}: ${l.limit.toLocaleString("en")} in ${l.window}${l.burst ? `, ${l.burst} at once` : ""}${l.auto ? "" : ", where asked"}`;

/** @param {any} props */
function Roles({ draft: d, set, roles, problem }) {
	const names = [...new Set([...Object.keys(roles ?? {}), ...d.roles])].sort();
	if (!names.length) return null;
	return html`<fieldset class="stack tight"><legend>Roles</legend>
		${names.map((name) => html`<${Choice} key=${name} label=${html`<bdi>${name}</bdi>`} hint=${roles?.[name]?.join(" ") ?? "The keyspace has no such role any more."} checked=${d.roles.includes(name)}
			onChange=${(/** @type {any} */ e) => set({ roles: e.target.checked ? [...d.roles, name] : d.roles.filter((/** @type {string} */ r) => r !== name) })} />`)}
		${problem?.field === "roles" && html`<p class="problem" role="alert">${problem.detail}. ${problem.hint}</p>`}
	</fieldset>`;
}

/** @param {any} props */
function Expiry({ draft: d, set, problem, policy, edit }) {
	const expiry = (/** @type {any} */ change) => set({ expiry: { ...d.expiry, ...change } });
	return html`<div class="fields">
		<${Field} label="Expires" hint=${policy.max_life ? `Keys of this keyspace live at most ${days(policy.max_life)}.` : ""} name=${d.expiry.kind === "never" ? ["expires_at", "expires_in"] : undefined} problem=${problem}>
			${(/** @type {any} */ a) => html`<select ...${a} value=${d.expiry.kind} onChange=${(/** @type {any} */ e) => expiry({ kind: e.target.value })}>
				${[["never", "Never"], ...(edit ? [] : [["in", "After a time"]]), ["at", "At a time"]].map(([v, label]) => html`<option key=${v} value=${v} selected=${v === d.expiry.kind}>${label}</option>`)}
			</select>`}
		<//>
		${d.expiry.kind === "in" && html`<${Field} label="After" name=${["expires_in", "expires_at"]} problem=${problem} hint="Such as 24h, 30d or 365d.">${(/** @type {any} */ a) => html`<input ...${a} class="mono" value=${d.expiry.in} onInput=${(/** @type {any} */ e) => expiry({ in: e.target.value })} />`}<//>`}
		${d.expiry.kind === "at" && html`<${Field} label="At" name="expires_at" problem=${problem} hint="In your time zone.">${(/** @type {any} */ a) => html`<input ...${a} type="datetime-local" value=${d.expiry.at} required onInput=${(/** @type {any} */ e) => expiry({ at: e.target.value })} />`}<//>`}
		<${Field} label="Not before" optional name="not_before" problem=${problem} hint="In your time zone.">${(/** @type {any} */ a) => html`<input ...${a} type="datetime-local" value=${d.notBefore} onInput=${(/** @type {any} */ e) => set({ notBefore: e.target.value })} />`}<//>
	</div>`;
}

/** A duration in days where it is whole days. @param {string} duration */
export function days(duration) {
	const hours = /^(\d+)h$/.exec(duration)?.[1];
	return hours && Number(hours) % 24 === 0 && Number(hours) > 24 ? Number(hours) / 24 + " days" : duration;
}

/** @param {any} props */
function Where({ draft: d, set, problem }) {
	const given = d.networks.length + d.origins.length + d.methods.length + d.paths.length;
	const about = /^allowed_/.test(problem?.field ?? "");
	return html`<details class="panel" open=${given > 0 || about}><summary>Where from and for what${given ? ` (${given})` : ""}</summary>
		<div class="fields">
			<${Words} label="Networks" optional name="allowed_networks" problem=${problem} hint="CIDR, such as 10.0.0.0/8." value=${d.networks} onChange=${(/** @type {string[]} */ networks) => set({ networks })} />
			<${Words} label="Origins" optional name="allowed_origins" problem=${problem} hint="Such as https://app.example.com." value=${d.origins} onChange=${(/** @type {string[]} */ origins) => set({ origins })} />
			<${Words} label="Methods" optional name="allowed_methods" problem=${problem} suggest=${["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]} value=${d.methods} onChange=${(/** @type {string[]} */ methods) => set({ methods })} />
			<${Words} label="Paths" optional name="allowed_paths" problem=${problem} hint="By whole segments, such as /v1/invoices." value=${d.paths} onChange=${(/** @type {string[]} */ paths) => set({ paths })} />
		</div>
	</details>`;
}

/** @param {any} props */
function Metadata({ draft: d, set, problem }) {
	const size = useMemo(() => new TextEncoder().encode(d.metadata).length, [d.metadata]);
	const wrong = useMemo(() => metadataProblem(d.metadata), [d.metadata]);
	return html`<details class="panel" open=${Boolean(d.metadata) || problem?.field === "metadata"}><summary>Metadata</summary>
		<${Field} label="Metadata" optional name="metadata" problem=${problem} error=${wrong} hint=${`A JSON object, at most 64 KB; verdicts carry it where asked.${size ? ` ${size.toLocaleString("en")} bytes.` : ""}`}>
			${(/** @type {any} */ a) => html`<textarea ...${a} class="mono" rows="6" dir="auto" spellcheck=${false} value=${d.metadata} onInput=${(/** @type {any} */ e) => set({ metadata: e.target.value })}></textarea>`}
		<//>
	</details>`;
}
