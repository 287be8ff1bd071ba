// SPDX-License-Identifier: Apache-2.0

import { html } from "../view.js";

/** A list of facts. @param {{children: any}} props */
export const Facts = ({ children }) => html`<dl class="facts">${children}</dl>`;

/** One of them; nothing where it is nothing. @param {{label: any, children?: any}} props */
export const Fact = ({ label, children }) => html`<div><dt>${label}</dt><dd>${children}</dd></div>`;
