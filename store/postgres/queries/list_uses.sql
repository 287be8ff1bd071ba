-- SPDX-License-Identifier: Apache-2.0

SELECT key, hash, time, source
FROM uses WHERE /* filter */ ORDER BY hash, key LIMIT /* limit */;
