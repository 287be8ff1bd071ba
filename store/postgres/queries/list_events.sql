-- SPDX-License-Identifier: Apache-2.0

SELECT sequence, time, actor, verb, target, keyspace, request, changes, personal, previous, hash
FROM events WHERE /* filter */ ORDER BY sequence /* direction */ LIMIT /* limit */;
