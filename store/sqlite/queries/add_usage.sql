-- SPDX-License-Identifier: Apache-2.0

-- A sum of costs stays at what an integer holds.
INSERT INTO usage (key, hour, code, keyspace, count, cost)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key, hour, code, keyspace) DO UPDATE
SET count = count + excluded.count,
    cost  = iif(cost > 9223372036854775807 - excluded.cost, 9223372036854775807, cost + excluded.cost);
