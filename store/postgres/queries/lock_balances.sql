-- SPDX-License-Identifier: Apache-2.0

-- In the order of the accounts, so that no two wait for each other.
SELECT account, keyspace, owner, remaining, refilled, next
FROM balances WHERE account = ANY ($1) ORDER BY account FOR NO KEY UPDATE;
