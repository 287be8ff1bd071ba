// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";

/** @param {{kind?: "good" | "warn" | "bad" | "", children: any}} props */
export const Badge = ({ kind, children }) => html`<span class=${"badge " + (kind ?? "")}>${children}</span>`;

/** @type {Record<string, "good" | "warn" | "bad">} */
const KINDS = { active: "good", pending: "warn", disabled: "warn", expired: "bad", revoked: "bad" };

/** The state of a key. @param {{of: string}} props */
export const State = ({ of }) => html`<${Badge} kind=${KINDS[of]}>${of}<//>`;
