// SPDX-License-Identifier: Apache-2.0

// What pages are built of.

export { Badge, State } from "./ui/badge.js";
export { Button } from "./ui/button.js";
export { Choice, Field, FormProblem } from "./ui/field.js";
export { Confirm } from "./ui/confirm.js";
export { Copy } from "./ui/copy.js";
export { Dialog } from "./ui/dialog.js";
export { Empty, Notice, ProblemNotice, Waiting } from "./ui/notice.js";
export { Facts, Fact } from "./ui/facts.js";
export { Pager } from "./ui/pager.js";
export { SecretBox } from "./ui/secretbox.js";
export { Table } from "./ui/table.js";
export { Time } from "./ui/time.js";
