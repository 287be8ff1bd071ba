// SPDX-License-Identifier: Apache-2.0

// API keys in every format people use: made, parsed, checked and hashed. Never store a key itself, never log it, never put
// it into a URL, and never parse one by splitting at separators: a secret may hold them.

/** @typedef {import("./format.js").Format} Format */
/** @typedef {import("./format.js").FormatInput} FormatInput */
/** @typedef {import("./format.js").Part} Part */
/** @typedef {import("./encoding.js").Encoding} Encoding */
/** @typedef {import("./options.js").GenerateOptions} GenerateOptions */
/** @typedef {import("./generate.js").MadeKey} MadeKey */
/** @typedef {import("./inspect.js").Candidate} Candidate */
/** @typedef {import("./parse.js").Parsed} Parsed */

export { ENCODINGS } from "./encoding.js";
export { duplicateProbability, entropy, probabilityText, strength, warnings } from "./entropy.js";
export { FormatError, MalformedError } from "./errors.js";
export { environment, normalize, preset } from "./format.js";
export { generate, generateMany, make, row } from "./generate.js";
export { hash, hashText, match, parseHash } from "./hash.js";
export { inspect, ISSUERS } from "./inspect.js";
export { formatOf } from "./options.js";
export { diagnose, parse } from "./parse.js";
export { DEFAULT_PRESET, PRESETS } from "./preset.js";
export { sha256 } from "./sha256.js";
