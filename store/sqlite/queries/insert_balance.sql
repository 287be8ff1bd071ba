-- SPDX-License-Identifier: Apache-2.0

INSERT INTO balances (account, keyspace, owner, remaining, refilled, next)
VALUES (?, ?, ?, ?, ?, ?);
