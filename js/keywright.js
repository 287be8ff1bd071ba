// SPDX-License-Identifier: Apache-2.0

// API keys in every format people use: made, parsed, checked and hashed. Never store a key itself, never log it, never put
// it into a URL, and never parse one by splitting at separators: a secret may hold them.

export { ENCODINGS } from "./encoding.js";
export { duplicateProbability, entropy, probabilityText, strength, warnings } from "./entropy.js";
export { FormatError, MalformedError } from "./errors.js";
export { environment, normalize, preset } from "./format.js";
export { formatOf, generate, generateMany, make, row } from "./generate.js";
export { hash, hashText, match, parseHash } from "./hash.js";
export { diagnose, parse } from "./parse.js";
export { DEFAULT_PRESET, PRESETS } from "./preset.js";
export { sha256 } from "./sha256.js";
