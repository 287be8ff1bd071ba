-- SPDX-License-Identifier: Apache-2.0

-- Of many accounts at once, in a list of their bytes in hex.
SELECT account, keyspace, owner, remaining, refilled, next
FROM balances WHERE account IN (SELECT unhex(value) FROM json_each(?));
