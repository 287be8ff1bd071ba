// SPDX-License-Identifier: Apache-2.0

// A small program in TypeScript over the package as it is packed: the types must be those that its documents show.

import {
	duplicateProbability, ENCODINGS, entropy, environment, FormatError, generate, generateMany, hash, make, MalformedError, match,
	normalize, parse, preset, PRESETS, row, sha256, strength, type Encoding, type Format, type GenerateOptions, type MadeKey,
	type Parsed,
} from "keywright";

const options: GenerateOptions = { prefix: "acme", environment: "test" };
const made: MadeKey = await generate(options);
const format: Format = preset("keywright", { prefix: "acme", environment: "test" });
const parsed: Parsed = parse(format, made.key);
const checksum: "ok" | "wrong" | "none" = parsed.checksum;
const digest: string = hash(format, made.key);
const bits: number = entropy(format);
const encodings: readonly Encoding[] = ENCODINGS;

function refused(run: () => unknown): string {
	try {
		run();
		return "";
	} catch (error) {
		if (error instanceof FormatError) return `${error.field}: ${error.problem}: ${error.hint}`;
		if (error instanceof MalformedError) return `${error.segment}: ${error.problem}`;
		throw error;
	}
}

const mistakes = [
	// @ts-expect-error an option that does not exist
	() => generate({ length: 32 }),
	// @ts-expect-error an encoding that does not exist
	() => normalize({ secret: { encoding: "rot13", chars: 32 } }),
	// @ts-expect-error a format that is not normalized has no entropy yet
	() => entropy({ prefix: "acme" }),
];

const results = {
	match: match(made.key, digest) && made.hash === digest,
	checksum,
	parts: [parsed.prefix, parsed.environment],
	many: (await generateMany(3, options)).length + make(format, 2).length,
	strength: strength(bits),
	unlikely: duplicateProbability(1000, bits) < 1e-60,
	names: encodings.length + PRESETS.length,
	label: environment("development"),
	row: Object.keys(row(made)).length,
	digest: sha256(new Uint8Array()).length,
	refused: [refused(() => parse(format, "acme_test_x")), refused(() => normalize({ secret: { encoding: "hex", chars: 8 } }))],
	mistakes: mistakes.length,
};
console.log(JSON.stringify(results));
