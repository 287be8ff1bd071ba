-- SPDX-License-Identifier: Apache-2.0

UPDATE keyspaces
SET version = $2, formats = $3, environments = $4, policy = $5, created = $6, updated = $7
WHERE name = $1 AND version = $2::bigint - 1;
