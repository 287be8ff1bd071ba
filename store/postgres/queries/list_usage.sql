-- SPDX-License-Identifier: Apache-2.0

SELECT keyspace, key, hour, code, count, cost
FROM usage WHERE /* filter */ ORDER BY hour, key, code, keyspace LIMIT /* limit */;
