// SPDX-License-Identifier: Apache-2.0

// Changing the credits of an owner: the balance at once, the refill for the times to come.

import { html, useState } from "../view.js";
import { newIdempotencyKey, post, send } from "../api.js";
import { useAct } from "../load.js";
import { Button, Dialog, FormProblem } from "../ui.js";
import { Select, Text } from "./inputs.js";

/** @type {[string, string][]} */
const ACTS = [["add", "Add to what is left"], ["take", "Take from what is left"], ["set", "Set what is left"], ["refill", "Change the refill"], ["end", "Do not count credits any more"]];
const FIELDS = ["amount", "refill_amount", "refill_day", "refill_every"];

/** @type {Record<string, string>} */
const CONTROLS = {
	add: "amount", take: "amount", set: "amount", "credits.remaining": "amount", "credits.refill.amount": "refill_amount", "credits.refill.every": "refill_every",
	"credits.refill.day": "refill_day", "credits.refill": "refill_every",
};

/** A whole number, or what was typed: the server says what would do. @param {string} text */
const number = (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text.trim() === "" ? undefined : text);

/** @param {any} v */
function refillOf(v) {
	if (v.refill === "") return null;
	const when = v.refill === "every" ? { every: v.refill_every } : { day: number(v.refill_day) };
	return { amount: number(v.refill_amount) ?? 0, ...when, mode: v.mode || undefined };
}

/** @param {{owner: any, path: string, query: any, onClose: () => void}} props */
export function ChangeCredits({ owner, path, query, onClose }) {
	const { credits } = owner;
	const [wish] = useState(newIdempotencyKey);
	const [v, setValues] = useState({
		act: credits ? "add" : "set", amount: "", mode: credits?.refill?.mode ?? "", refill: credits?.refill ? (credits.refill.every ? "every" : "day") : "",
		refill_amount: String(credits?.refill?.amount ?? ""), refill_every: credits?.refill?.every ?? "24h", refill_day: String(credits?.refill?.day ?? 1),
	});
	const change = useAct(async () => {
		if (!credits) await send("PUT", path, { query, body: { credits: { remaining: number(v.amount) ?? 0, refill: refillOf(v) } } });
		else if (v.act === "end") await send("PUT", path, { query, body: { credits: null } });
		else if (v.act === "refill") await send("PUT", path, { query, body: { credits: { refill: refillOf(v) } } });
		else await post(path + "/credits", { [v.act]: number(v.amount) ?? 0 }, { query, headers: { "Idempotency-Key": wish } });
	});
	const submit = async (/** @type {Event} */ event) => {
		event.preventDefault();
		if (await change.run()) onClose();
	};
	const problem = change.problem && { ...change.problem, field: CONTROLS[change.problem.field] ?? change.problem.field };
	const form = { values: v, problem, set: (/** @type {any} */ c) => setValues({ ...v, ...c }) };
	const refills = !credits || v.act === "refill";
	return html`<${Dialog} title="Credits" onClose=${onClose}>
		<form class="stack" onSubmit=${submit} autocomplete="off">
			${credits && html`<${Select} form=${form} name="act" label="What to do" options=${ACTS} />`}
			${(!credits || ["add", "take", "set"].includes(v.act)) && html`<${Text} form=${form} name="amount" label=${credits ? "Credits" : "Credits to begin with"} inputmode="numeric" required hint=${credits && `There are ${credits.remaining?.toLocaleString("en")} now.`} />`}
			${refills && html`<${Refill} form=${form} />`}
			<${FormProblem} problem=${problem} fields=${FIELDS} />
			<div class="actions"><${Button} kind=${v.act === "end" ? "danger" : "primary"} type="submit" busy=${change.busy}>Save<//><${Button} onClick=${onClose}>Cancel<//></div>
		</form>
	<//>`;
}

/** @param {{form: import("./inputs.js").Form}} props */
function Refill({ form }) {
	const { refill } = form.values;
	return html`
		<${Select} form=${form} name="refill" label="Filled up" options=${[["", "only by hand"], ["every", "at an interval"], ["day", "on a day of each month"]]} />
		${refill && html`<div class="fields">
			<${Text} form=${form} name="refill_amount" label="With" inputmode="numeric" />
			${refill === "every" ? html`<${Text} form=${form} name="refill_every" label="Every" placeholder="24h" />` : html`<${Text} form=${form} name="refill_day" label="On day" inputmode="numeric" hint="1 to 28, at midnight UTC." />`}
			<${Select} form=${form} name="mode" label="How" options=${[["", "add to what is left"], ["reset", "set what is left to it"]]} />
		</div>`}`;
}
