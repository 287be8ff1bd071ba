-- SPDX-License-Identifier: Apache-2.0

SELECT account, keyspace, owner, remaining, refilled, next
FROM balances WHERE /* filter */ ORDER BY account LIMIT /* limit */;
