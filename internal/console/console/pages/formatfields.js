// SPDX-License-Identifier: Apache-2.0

// A format as a form: a preset and its prefix, with an example of what keys of it look like.

import { html, useMemo } from "../view.js";
import { DEFAULT_PRESET, PRESETS, make, normalize, preset } from "/console/keywright/keywright.js";
import { prefixOf } from "/console/keywright/preset.js";
import { Select, Text } from "./inputs.js";

/** @type {Record<string, string>} */
const FOR = {
	keywright: "where nothing speaks for another", "public-id": "with a public id", unambiguous: "that people type", "secret-key": "for servers",
	"publishable-key": "that anybody may see", "restricted-key": "for some routes only", "webhook-secret": "that sign webhooks",
	"service-token": "between services", "personal-token": "of people", seam: "as prefixed-api-key writes them", "seam-v4": "as its fork writes them",
	alphanumeric: "letters and digits alone", opaque: "of a shape of your own, only imported",
};

export const emptyFormat = () => ({ name: "secret", preset: DEFAULT_PRESET, prefix: "" });

/** @param {{name: string, preset: string, prefix: string}} values */
export function formatOf(values) {
	return { name: values.name, preset: values.preset, ...(values.prefix && { prefix: values.prefix }) };
}

/**
 * exampleOf writes a key of a format with dots in place of what nobody can guess.
 * @param {any} format
 */
export function exampleOf(format) {
	try {
		if (format.secret?.encoding === "opaque" || format.preset === "opaque") return "any text of 16 characters and more";
		// One of a keyspace says all; one of the form has what it does not say from its preset.
		const whole = format.secret ? normalize(format) : preset(format.preset, { prefix: format.prefix || prefixOf(format.preset) });
		const [made] = make(whole, 1, (bytes) => bytes.fill(7));
		const before = made.key.indexOf(made.secret);
		return `${made.publicId ? made.key.slice(0, before).replace(made.publicId, "•".repeat(made.publicId.length)) : made.key.slice(0, before)}${"•".repeat(Math.min(made.secret.length, 24))}`;
	} catch {
		return "";
	}
}

/** @param {{form: import("./inputs.js").Form}} props */
export function FormatFields({ form }) {
	const { values } = form;
	const example = useMemo(() => exampleOf(formatOf(values)), [values.preset, values.prefix]);
	return html`
		<${Text} form=${form} name="name" label="Name" hint="How the keyspace calls it." />
		<${Select} form=${form} name="preset" label="Keys" options=${PRESETS.map((name) => [name, FOR[name] ? `${name}: ${FOR[name]}` : name])} hint=${example && html`Looks like <span class="mono break">${example}</span>`} />
		<${Text} form=${form} name="prefix" label="Prefix" optional mono hint="The label at the front. None: that of the preset." />`;
}
