// SPDX-License-Identifier: Apache-2.0

// A worker for the edge that makes keys: POST /api/sec-api-key-generate. docs/javascript.md says how it is deployed.

import { answer } from "./edge.js";

export default {
	/**
	 * @param {Request} request
	 * @param {{ GENERATE_ORIGINS?: string }} [env] web origins whose pages may read the answers, with spaces or commas between
	 *   them; `*`: all
	 * @returns {Promise<Response>}
	 */
	fetch(request, env) {
		const origins = (env?.GENERATE_ORIGINS ?? "").split(/[\s,]+/).filter(Boolean);
		return answer(request, { origins });
	},
};
