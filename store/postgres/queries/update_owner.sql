-- SPDX-License-Identifier: Apache-2.0

UPDATE owners
SET version = $3, limits = $4, credits = $5, created = $6, updated = $7
WHERE keyspace = $1 AND id = $2 AND version = $3::bigint - 1;
