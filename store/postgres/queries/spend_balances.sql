-- SPDX-License-Identifier: Apache-2.0

UPDATE balances b SET remaining = t.remaining
FROM unnest($1::uuid[], $2::bigint[]) AS t (account, remaining)
WHERE b.account = t.account;
