-- SPDX-License-Identifier: Apache-2.0

INSERT INTO balances (account, keyspace, owner, remaining, refilled, next)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account) DO UPDATE
SET remaining = excluded.remaining, refilled = excluded.refilled, next = excluded.next;
