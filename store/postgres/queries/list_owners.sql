-- SPDX-License-Identifier: Apache-2.0

SELECT keyspace, id, version, limits, credits, created, updated
FROM owners WHERE /* filter */ ORDER BY keyspace, id LIMIT /* limit */;
