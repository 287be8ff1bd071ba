-- SPDX-License-Identifier: Apache-2.0

-- As it lies there, so that nothing is sorted.
SELECT keyspace, key, hour, code, count, cost
FROM usage WHERE /* filter */ ORDER BY key, hour, code, keyspace LIMIT ?;
