-- SPDX-License-Identifier: Apache-2.0

-- One line for each account, key and hour. It changes nothing if the sum would go beyond what an integer holds.
INSERT INTO ledger (account, time, kind, key, amount, count, remaining)
VALUES (?, ?, 'spend', ?, ?, ?, ?)
ON CONFLICT (account, key, time) WHERE kind = 'spend' DO UPDATE
SET amount = amount + excluded.amount, count = count + excluded.count, remaining = excluded.remaining
WHERE amount >= -9223372036854775807 - excluded.amount;
