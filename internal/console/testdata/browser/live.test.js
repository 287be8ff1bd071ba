// SPDX-License-Identifier: Apache-2.0

// Following the chain and cutting files, without a browser: what a server that is away, a hidden page and a hostile file do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Live } from "../../console/live.js";
import { lineOf, slices } from "../../console/pages/slices.js";

/** A page of which the visibility can be changed, and a clock. */
function stage(answers) {
	const page = Object.assign(new EventTarget(), { hidden: false });
	const asked = [];
	const pauses = [];
	const get = (path, { query, signal }) => new Promise((resolve, reject) => {
		signal.addEventListener("abort", () => reject(new Error("aborted")));
		asked.push({ ...query, signal });
		const answer = answers[asked.length - 1];
		if (answer instanceof Error) reject(answer);
		else if (answer) resolve({ events: answer });
	});
	const it = { page, asked, pauses, now: 0, may: true };
	it.live = new Live({ get, page, now: () => it.now, may: () => it.may, later: (f, after) => {
		pauses.push(after);
		setImmediate(f);
	} });
	it.settle = () => new Promise((done) => setTimeout(done, 150));
	return it;
}

const event = (sequence, target = "key_1") => ({ sequence, target, verb: "key.update" });
const refusal = (status) => Object.assign(new Error("refused"), { status });

test("a listener hears of what comes after the end of the chain", async () => {
	const s = stage([[event(7)], [event(8), event(9, "key_2")]]);
	const heard = [];
	s.live.listen((change) => heard.push(change));
	await s.settle();
	assert.deepEqual([...heard[0].targets], ["key_1", "key_2"]);
	assert.equal(s.asked[1].cursor, 7);
	assert.equal(s.asked[2].cursor, 9);
	assert.ok(s.asked[2].wait);
});

test("nobody is asked while the page is hidden, nobody listens, or it is unattended", async () => {
	const s = stage([[event(7)]]);
	const end = s.live.listen(() => {});
	await s.settle();
	assert.equal(s.asked.length, 2);
	s.page.hidden = true;
	s.page.dispatchEvent(new Event("visibilitychange"));
	assert.ok(s.asked[1].signal.aborted);
	await s.settle();
	assert.equal(s.asked.length, 2);
	s.page.hidden = false;
	s.page.dispatchEvent(new Event("visibilitychange"));
	assert.equal(s.asked.length, 3);
	end();
	assert.ok(s.asked[2].signal.aborted);
	s.now += 60 * 60_000;
	s.live.listen(() => {});
	assert.equal(s.asked.length, 3);
	s.page.dispatchEvent(new Event("keydown"));
	assert.equal(s.asked.length, 4);
});

test("a server that is away is asked less and less; one that refuses is asked no more", async () => {
	const gone = new Error("unreachable");
	const s = stage([[event(7)], gone, gone, gone, gone, refusal(403)]);
	s.live.listen(() => {});
	await s.settle();
	assert.equal(s.asked.length, 6);
	assert.equal(s.pauses.length, 4);
	assert.ok(s.pauses[3] > 3 * s.pauses[0], `${s.pauses}`);
	s.page.dispatchEvent(new Event("pointermove"));
	await s.settle();
	assert.equal(s.asked.length, 6);
	s.live.forget(); // somebody else has signed in
	assert.equal(s.asked.length, 7);
});

test("who may not read the chain does not ask for it", async () => {
	const s = stage([]);
	s.may = false;
	s.live.listen(() => {});
	await s.settle();
	assert.equal(s.asked.length, 0);
});

test("slices end where rows end, and know their lines", async () => {
	const text = `name,note\nfirst,"a\n""b"", c"\nsecond,é\n\nlast,x`;
	for (const size of [1, 9, 1000]) {
		let whole = "name,note\n";
		let line = 2;
		for await (const slice of slices(new Blob([text]), { csv: true, size })) {
			const body = await slice.body.text();
			assert.ok(body.startsWith("name,note\n"));
			assert.equal((body.match(/"/g) ?? []).length % 2, 0, "a row was cut");
			whole += body.slice("name,note\n".length);
			assert.equal(slice.line, line);
			assert.equal(lineOf(slice, 2), line);
			line += slice.lines;
		}
		assert.equal(whole, text);
	}
});
