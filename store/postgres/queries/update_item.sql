-- SPDX-License-Identifier: Apache-2.0

UPDATE items
SET version = $3, data = $4, created = $5
WHERE kind = $1 AND name = $2 AND version = $3::bigint - 1;
