// SPDX-License-Identifier: Apache-2.0

// The policy of a keyspace as a form, by subject.

import { html } from "../view.js";
import { Check, Lines, Rows, Select, Text } from "./inputs.js";
import { LimitRows } from "./limitrows.js";
import { emptyRoute } from "./policyform.js";

/** @param {{title: string, hint?: any, children?: any}} props */
const Section = ({ title, hint, children }) => html`<fieldset class="panel section"><legend class="visually-hidden">${title}</legend>
	<h2 aria-hidden="true">${title}</h2>${hint && html`<p class="hint">${hint}</p>`}${children}
</fieldset>`;

/**
 * @param {{form: import("./inputs.js").Form, keyspace: any}} props
 */
export function PolicySections({ form, keyspace }) {
	const formats = keyspace.formats.map((/** @type {any} */ f) => f.name);
	return html`
		<${Section} title="What may be issued">
			<div class="fields">
				<${Text} form=${form} name="max_life" label="Longest life of a key" optional placeholder="8760h" hint="Such as 365d or 8760h. With one, every key needs an end." />
				<${Select} form=${form} name="default_format" label="Format of new keys" options=${[["", `the first: ${formats[0]}`], ...formats.map((/** @type {string} */ f) => [f, f])]} />
				<${Text} form=${form} name="pepper" label="Pepper" optional hint="Its name: new secrets are hashed with it." />
			</div>
			<${Check} form=${form} name="require_owner" label="Every key names an owner" />
			<div class="fields">
				<${Lines} form=${form} name="allowed_scopes" label="Allowed scopes" optional hint="One a line, such as invoices:read or documents.*. None: all." />
				<${Lines} form=${form} name="publishable_scopes" label="Scopes of publishable keys" optional hint="Keys that anybody may see can hold these besides scopes that end in read." />
			</div>
		<//>
		<${Section} title="Roles" hint="Sets of scopes by name. A change holds for every key that has the role, at once.">
			<${Rows} form=${form} name="roles" of="role" empty=${() => ({ name: "", scopes: "" })} none="There are no roles.">${(/** @type {any} */ row) => html`
				<${Text} form=${row} name="name" label="Name" placeholder="reader" />
				<${Lines} form=${row} name="scopes" label="Scopes" rows=${2} class="grow" />`}
			<//>
		<//>
		<${Section} title="Limits" hint="Units in each window, spread evenly. Without the mark, a limit is taken from only where a verification names it.">
			<h3>Of each new key that names none</h3>
			<${LimitRows} form=${form} name="key_limits" none="New keys get no limits." />
			<h3>Of every owner that has none of its own</h3>
			<${LimitRows} form=${form} name="owner_limits" none="Owners have no limits." />
			<h3>Of the whole keyspace</h3>
			<${LimitRows} form=${form} name="limits" none="The keyspace has no limits." />
			<${Select} form=${form} name="limiter_away" class="limited" label="While the limiter that servers share does not answer" options=${[["", "each server lets pass its share"], ["local", "its share, whatever the default will be"], ["refuse", "keys with limits get no judgement"]]} />
		<//>
		<${Section} title="Rotation">
			<${Text} form=${form} name="max_grace" class="limited" label="Longest grace of a rotation" optional placeholder="720h" hint="How long an old secret may live on. None: 366 days." />
			<${Check} form=${form} name="rotates" label="Keys are due for a new secret after some time" />
			${form.values.rotates && html`<${Rotation} form=${form} />`}
		<//>
		<${Section} title="Leaks" hint="What becomes of a secret key that is reported as leaked. A publishable one is never ended by a report.">
			<${Leaks} form=${form} />
		<//>
		<${Section} title="Exchange for tokens">
			<${Check} form=${form} name="exchanges" label="Keys may be exchanged for tokens that verify offline" hint="A token lives on until its end where somebody verifies it offline and does not follow revocations." />
			${form.values.exchanges && html`<${Exchange} form=${form} />`}
		<//>
		<${Section} title="Gateway routes" hint="What requests must bring to a gateway, by method and path. The first that matches counts; POST /v1/verify does not look at them.">
			<${Select} form=${form} name="routes_default" class="limited" label="A request that no route matches" options=${[["", "refused where there are routes, else allowed"], ["deny", "refused"], ["allow", "allowed with any valid key"]]} />
			<${Rows} form=${form} name="routes" of="route" empty=${emptyRoute} none="There are no routes.">${(/** @type {any} */ row) => html`
				<${Text} form=${row} name="method" label="Method" placeholder="every" class="short" />
				<${Text} form=${row} name="path" label="Path" placeholder="/v1/invoices" mono class="grow" />
				<${Lines} form=${row} name="scopes" label="Scopes, all needed" rows=${1} class="grow" />
				<${Text} form=${row} name="scope_expr" label="Expression" optional mono class="grow" placeholder="a:read OR a:admin" />
				<${Text} form=${row} name="cost" label="Cost" placeholder="1" inputmode="numeric" class="short" />
				<${Select} form=${row} name="environment" label="Environment" options=${[["", "any"], ...keyspace.environments.map((/** @type {string} */ e) => [e, e])]} />`}
			<//>
		<//>`;
}

/** @param {{form: import("./inputs.js").Form}} props */
function Rotation({ form }) {
	/** @type {import("./inputs.js").Form} */
	const own = { ...form, values: form.values.rotation, path: "rotation.", set: (changes) => form.set({ rotation: { ...form.values.rotation, ...changes } }) };
	return html`<div class="fields">
		<${Text} form=${own} name="every" label="Due after" placeholder="2160h" hint="90 days are 90d." />
		<${Text} form=${own} name="warn" label="Told before" optional placeholder="168h" hint="None: a tenth of that time." />
		<${Text} form=${own} name="grace" label="Grace" optional placeholder="24h" hint="Of a rotation that names none." />
		<${Text} form=${own} name="idle" label="Ends early when unused for" optional placeholder="6h" />
	</div>`;
}

/** @param {{form: import("./inputs.js").Form}} props */
function Leaks({ form }) {
	/** @type {import("./inputs.js").Form} */
	const own = { ...form, values: form.values.leaks, path: "leaks.", set: (changes) => form.set({ leaks: { ...form.values.leaks, ...changes } }) };
	return html`<div class="fields">
		<${Select} form=${own} name="secret" label="A leaked secret key" options=${[["", "is revoked at once"], ["delay", "is revoked after a delay"], ["report", "is only told"]]} />
		${own.values.secret === "delay" && html`<${Text} form=${own} name="delay" label="After" optional placeholder="24h" hint="Its owner is told at once." />`}
	</div>`;
}

/** @param {{form: import("./inputs.js").Form}} props */
function Exchange({ form }) {
	/** @type {import("./inputs.js").Form} */
	const own = { ...form, values: form.values.exchange, path: "exchange.", set: (changes) => form.set({ exchange: { ...form.values.exchange, ...changes } }) };
	return html`<div class="fields">
		<${Text} form=${own} name="life" label="Life of a token" placeholder="5m" hint="1s to 1h." />
		<${Lines} form=${own} name="audience" label="Audience" optional rows=${1} hint="Whom tokens may be for, the first by default. None: the name of the keyspace." />
		<${Select} form=${own} name="spend" label="Keys with limits, credits or rules" options=${[["", "are refused"], ["allow", "are exchanged too"]]} hint="Nobody looks at those while a token lives." />
		<${Select} form=${own} name="algorithm" label="Signed with" options=${[["", "ES256"], ["EdDSA", "EdDSA"]]} />
	</div>`;
}
