-- SPDX-License-Identifier: Apache-2.0

-- Without a sequence, a line gets the next.
INSERT INTO ledger (sequence, account, time, kind, key, amount, count, remaining)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);
