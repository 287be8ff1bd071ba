-- SPDX-License-Identifier: Apache-2.0

INSERT INTO ledger (account, time, kind, amount, count, remaining)
VALUES ($1, $2, $3, $4, 0, $5);
