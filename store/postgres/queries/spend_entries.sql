-- SPDX-License-Identifier: Apache-2.0

-- One line for each account, key and hour. It changes nothing, and returns no row, where the sum would go beyond what a
-- bigint holds.
INSERT INTO ledger (account, time, kind, key, amount, count, remaining)
SELECT t.account, t.time, 'spend', t.key, t.amount, t.count, t.remaining
FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[])
     WITH ORDINALITY AS t (account, time, key, amount, count, remaining, n)
ORDER BY t.n
ON CONFLICT (account, key, time) WHERE kind = 'spend' DO UPDATE
SET amount = ledger.amount + excluded.amount, count = ledger.count + excluded.count, remaining = excluded.remaining
WHERE ledger.amount >= -9223372036854775807 - excluded.amount
RETURNING account, time, key;
