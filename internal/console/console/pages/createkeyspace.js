// SPDX-License-Identifier: Apache-2.0

// A new keyspace: a name is enough, and formats and environments may be chosen. Its policy comes after.

import { html, useState } from "../view.js";
import { post } from "../api.js";
import { useAct } from "../load.js";
import { go } from "../router.js";
import { Page } from "../layout.js";
import { Button, FormProblem } from "../ui.js";
import { Check, Lines, Rows, Text } from "./inputs.js";
import { words } from "./policyform.js";
import { FormatFields, emptyFormat, formatOf } from "./formatfields.js";

export default function CreateKeyspace() {
	const [values, setValues] = useState({ name: "", own: false, formats: [emptyFormat()], environments: "live\ntest" });
	const create = useAct(async () => {
		const made = await post("/v1/keyspaces", {
			name: values.name, environments: words(values.environments) ?? [],
			...(values.own && { formats: values.formats.map(formatOf) }),
		});
		go(`/console/keyspaces/${encodeURIComponent(made.name)}`, { force: true });
	});
	const submit = (/** @type {Event} */ event) => {
		event.preventDefault();
		create.run();
	};
	const form = { values, problem: create.problem, set: (/** @type {any} */ changes) => setValues({ ...values, ...changes }) };
	const shown = ["name", "environments", ...values.formats.flatMap((_, i) => ["name", "preset", "prefix"].map((f) => `formats[${i}].${f}`))];
	return html`<${Page} title="Create a keyspace" intro="A keyspace is one API that keys are for. It cannot be renamed, as its keys carry its name or prefix.">
		<form class="stack narrow" onSubmit=${submit} autocomplete="off">
			<${Text} form=${form} name="name" label="Name" required placeholder="acme" hint="1 to 64 lower-case letters, digits and -." />
			<${Lines} form=${form} name="environments" label="Environments, one a line" rows=${2} hint="A key of one is refused in another. The first is the default. None: keys have no such segment." />
			<${Check} form=${form} name="own" label="Choose how its keys are written" hint="Otherwise they begin with the name of the keyspace, and have a public id, 256 bits and a checksum." />
			${values.own && html`<${Rows} form=${form} name="formats" of="format" empty=${() => ({ ...emptyFormat(), name: "" })} none="Without one it gets the default.">${(/** @type {any} */ row) => html`<${FormatFields} form=${row} />`}<//>`}
			<${FormProblem} problem=${create.problem} fields=${shown} />
			<div class="actions"><${Button} kind="primary" type="submit" busy=${create.busy}>Create the keyspace<//><a class="button" href="/console/keyspaces">Cancel</a></div>
		</form>
	<//>`;
}
