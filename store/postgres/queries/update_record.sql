-- SPDX-License-Identifier: Apache-2.0

UPDATE records
SET version = $2, keyspace = $3, format = $4, environment = $5, owner = $6, parent = $7, scopes = $8, terms = $9,
    rules = $10, not_before = $11, expires = $12, disabled = $13, revoked = $14, created = $15, updated = $16,
    rotated = $17, name = $18, reason = $19, metadata = $20
WHERE id = $1 AND version = $2::bigint - 1;
