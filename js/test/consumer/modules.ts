// SPDX-License-Identifier: Apache-2.0

// Every module that the package exports can be imported by its name, with types.

import * as aerostack from "keywright/aerostack";
import * as client from "keywright/client";
import * as derived from "keywright/derived";
import * as inspect from "keywright/inspect";
import * as seam from "keywright/seam";
import * as seamV4 from "keywright/seam-v4";
import * as signed from "keywright/signed";
import * as worker from "keywright/worker";

const modules: Record<string, object> = { aerostack, client, derived, inspect, seam, "seam-v4": seamV4, signed, worker };
for (const [name, exports] of Object.entries(modules)) console.log(name, Object.keys(exports).length > 0);
