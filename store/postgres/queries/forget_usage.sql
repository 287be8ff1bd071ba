-- SPDX-License-Identifier: Apache-2.0

DELETE FROM usage
WHERE (key, hour, code, keyspace) IN (SELECT key, hour, code, keyspace FROM usage WHERE hour < $1 ORDER BY hour LIMIT $2);
