-- SPDX-License-Identifier: Apache-2.0

-- A sum of costs stays at what a bigint holds.
INSERT INTO usage (key, hour, code, keyspace, count, cost)
SELECT t.key, t.hour, t.code, t.keyspace, t.count, t.cost
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) AS t (key, hour, code, keyspace, count, cost)
ON CONFLICT (key, hour, code, keyspace) DO UPDATE
SET count = usage.count + excluded.count,
    cost = least(usage.cost::numeric + excluded.cost, 9223372036854775807)::bigint;
