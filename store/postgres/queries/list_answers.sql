-- SPDX-License-Identifier: Apache-2.0

SELECT id, request, record, created, expires
FROM answers WHERE /* filter */ ORDER BY id LIMIT /* limit */;
