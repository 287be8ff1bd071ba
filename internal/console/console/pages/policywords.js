// SPDX-License-Identifier: Apache-2.0

const HOUR = 3_600_000;
/** @type {Record<string, number>} */
const UNITS = { d: 24 * HOUR, h: HOUR, m: 60_000, s: 1000, ms: 1 };

/**
 * millis reads a duration as the server writes it, such as 1h30m; what is none is NaN.
 * @param {string} text
 */
export function millis(text) {
	if (!/^(\d+(\.\d+)?(d|h|ms|m|s))+$/.test(text)) return Number.NaN;
	return [...text.matchAll(/([\d.]+)(d|h|ms|m|s)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit], 0);
}

/**
 * durationWords says a duration as people do, in its two largest units: 90 days, 1 hour 30 minutes.
 * @param {string} text
 */
export function durationWords(text) {
	let rest = millis(text);
	if (Number.isNaN(rest)) return text;
	const said = [];
	for (const [word, size] of /** @type {[string, number][]} */ ([["day", 24 * HOUR], ["hour", HOUR], ["minute", 60_000], ["second", 1000]])) {
		const n = Math.floor(rest / size);
		rest -= n * size;
		if (n > 0) said.push(`${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`);
	}
	return said.slice(0, 2).join(" ") || "0 seconds";
}

/**
 * limitWords says a limit: requests 600 in 1 minute.
 * @param {any} limit
 */
export function limitWords(limit) {
	return `${limit.name}: ${limit.limit.toLocaleString("en")} in ${durationWords(limit.window)}${limit.burst ? `, ${limit.burst.toLocaleString("en")} at once` : ""}${limit.auto ? "" : ", where it is asked for"}`;
}

/**
 * refillWords says when credits are filled up.
 * @param {any} refill
 */
export function refillWords(refill) {
	if (!refill) return "only by hand";
	const when = refill.every ? `every ${durationWords(refill.every)}` : `on day ${refill.day} of each month`;
	return `${refill.mode === "reset" ? "set to" : "plus"} ${refill.amount.toLocaleString("en")} ${when}`;
}

/**
 * policyWords says what a policy demands, shortly, each thing for itself.
 * @param {any} p
 * @returns {string[]}
 */
export function policyWords(p) {
	const roles = Object.keys(p.roles ?? {}).length;
	return [
		p.max_life && `lives ${durationWords(p.max_life)} at most`,
		p.require_owner && "owner required",
		p.allowed_scopes && counted(p.allowed_scopes.length, "scope pattern"),
		roles > 0 && counted(roles, "role"),
		p.rotation && `rotate every ${durationWords(p.rotation.every)}`,
		(p.key_limits || p.owner_limits || p.limits) && counted([p.key_limits, p.owner_limits, p.limits].flatMap((l) => l ?? []).length, "limit"),
		p.exchange && "exchanged for tokens",
		p.routes && counted(p.routes.length, "gateway route"),
		p.leaks?.secret === "delay" && `leaked keys end after ${durationWords(p.leaks.delay ?? "24h")}`,
		p.leaks?.secret === "report" && "leaked keys are only told",
		p.pepper && `pepper ${p.pepper}`,
	].filter(Boolean);
}

/**
 * @param {number} n
 * @param {string} word
 */
export function counted(n, word) {
	return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
}
