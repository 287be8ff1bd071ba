// SPDX-License-Identifier: Apache-2.0

// The formats that the page offers, and what may be chosen of each. The first is the one to build a format of one's own from.

/**
 * @typedef {object} Offer
 * @property {string} title
 * @property {string} note one line on when to take it
 * @property {string[]} encodings of the secret; the first is the preset's own
 * @property {{unit: "bytes"|"chars", min: number, max: number}} [size] absent: fixed
 * @property {string} shape the one it has, or starts with
 * @property {boolean} [shapes] whether another shape may be chosen, and the size of the public id
 * @property {boolean} [prefixOptional]
 * @property {string} [checksum] the check segment that may be switched off
 */

/** @type {Record<string, Offer>} */
export const OFFERS = {
	"public-id": {
		title: "Public id: build your own", note: "Every option below is yours to choose.",
		encodings: ["base64url", "hex", "crockford"], size: { unit: "bytes", min: 16, max: 64 },
		shape: "public-id", shapes: true, prefixOptional: true, checksum: "crockford4",
	},
	keywright: {
		title: "Keywright", note: "A double click selects it whole, and scanners can check it offline. Take it when nothing speaks for another.",
		encodings: ["base62"], size: { unit: "chars", min: 22, max: 64 }, shape: "public-id", checksum: "crc32",
	},
	"secret-key": {
		title: "Secret key (sk)", note: "For servers. Full access, so never in a page or an app.",
		encodings: ["base62", "hex"], size: { unit: "chars", min: 22, max: 128 }, shape: "prefix",
	},
	"publishable-key": {
		title: "Publishable key (pk)", note: "For pages and apps that anybody can read. Let it read, and never change or delete.",
		encodings: ["base62", "hex"], size: { unit: "chars", min: 22, max: 128 }, shape: "prefix",
	},
	"restricted-key": {
		title: "Restricted key (rk)", note: "For some routes only.",
		encodings: ["base62", "hex"], size: { unit: "chars", min: 22, max: 128 }, shape: "prefix",
	},
	"webhook-secret": {
		title: "Webhook secret (whsec)", note: "Signs payloads as Standard Webhooks says. It calls no API.",
		encodings: ["base64"], size: { unit: "bytes", min: 24, max: 64 }, shape: "prefix",
	},
	"service-token": {
		title: "Service token (svc, int)", note: "Between services, where a machine rotates it.",
		encodings: ["base62", "hex"], size: { unit: "chars", min: 22, max: 128 }, shape: "prefix",
	},
	"personal-token": {
		title: "Personal access token (pat)", note: "For one person. Let it expire.",
		encodings: ["base62", "hex"], size: { unit: "chars", min: 22, max: 128 }, shape: "prefix",
	},
	unambiguous: {
		title: "Unambiguous", note: "To be read aloud or typed: no 0 and O, no 1, l and I.",
		encodings: ["base55"], size: { unit: "chars", min: 16, max: 64 }, shape: "prefix",
	},
	seam: {
		title: "Seam", note: "As the package prefixed-api-key writes it. Its storage hash covers the secret alone.",
		encodings: ["base58"], shape: "public-id",
	},
	alphanumeric: {
		title: "Alphanumeric", note: "Letters and digits, with a prefix or without.",
		encodings: ["base62", "hex"], size: { unit: "chars", min: 22, max: 128 }, shape: "prefix", prefixOptional: true,
	},
};

export const ENCODING_TITLES = /** @type {Record<string, string>} */ ({
	base64url: "Base64URL", hex: "Hexadecimal", crockford: "Crockford Base32", base62: "Alphanumeric (base62)",
	base64: "Base64", base55: "Unambiguous (base55)", base58: "Base58",
});

export const ENCODING_NOTES = /** @type {Record<string, string>} */ ({
	base64url: "Compact. Fits URLs, headers and command lines.",
	hex: "Lower case. For systems that take nothing else; the longest.",
	crockford: "For people who read or type it: no I, L, O or U.",
	base62: "Letters and digits: 5.95 bits a character, hex has 4.",
	base64: "With + / and =, as Standard Webhooks wants it.",
	base55: "Letters and digits without the ones that look alike.",
	base58: "Letters and digits without 0, O, I and l.",
});

export const SHAPE_TITLES = /** @type {Record<string, string>} */ ({
	"public-id": "Prefix + public id + secret", prefix: "Prefix + secret", "secret-only": "Secret only",
});

/**
 * The key types that services hand out. take: what the buttons put into the options.
 *
 * @type {{name: string, body: string, note: string, change: string, take: {label: string, format: string, prefix: string, environment: string}[]}[]}
 */
export const TYPES = [
	{
		name: "Production API key", body: "32 characters", note: "On servers only. Full access.", change: "Every 90 days",
		take: [
			{ label: "sk_live_", format: "secret-key", prefix: "sk", environment: "live" },
			{ label: "api_live_", format: "secret-key", prefix: "api", environment: "live" },
		],
	},
	{
		name: "Development or test key", body: "32 characters", note: "May lie in a developer’s configuration. Never accepted where live is served.", change: "When someone leaves",
		take: [
			{ label: "sk_test_", format: "secret-key", prefix: "sk", environment: "test" },
			{ label: "api_dev_", format: "secret-key", prefix: "api", environment: "dev" },
		],
	},
	{
		name: "Publishable key", body: "24 characters", note: "Safe in pages and apps, if all it may do is read.", change: "When it is abused",
		take: [
			{ label: "pk_live_", format: "publishable-key", prefix: "pk", environment: "live" },
			{ label: "pub_live_", format: "publishable-key", prefix: "pub", environment: "live" },
		],
	},
	{
		name: "Restricted key", body: "32 characters", note: "Some routes only: keep its scopes narrow.", change: "Every 90 days",
		take: [{ label: "rk_live_", format: "restricted-key", prefix: "rk", environment: "live" }],
	},
	{
		name: "Webhook secret", body: "44 characters (32 bytes)", note: "Signs payloads. Does not authenticate API calls.", change: "With every change of the endpoint",
		take: [{ label: "whsec_", format: "webhook-secret", prefix: "whsec", environment: "none" }],
	},
	{
		name: "Service-to-service token", body: "48 characters", note: "Longer, as no person ever handles it.", change: "Every 30 days, by a machine",
		take: [
			{ label: "svc_", format: "service-token", prefix: "svc", environment: "none" },
			{ label: "int_", format: "service-token", prefix: "int", environment: "none" },
		],
	},
	{
		name: "Personal access token", body: "36 characters", note: "Bound to one person, revocable by itself.", change: "Let it expire, in 90 days or fewer",
		take: [{ label: "pat_", format: "personal-token", prefix: "pat", environment: "none" }],
	},
];

/** The formats of the second table, with what each is for. */
export const SHOWN = ["keywright", "public-id", "unambiguous", "seam", "alphanumeric"];
