-- SPDX-License-Identifier: Apache-2.0

INSERT INTO records (id, version, keyspace, format, environment, owner, parent, scopes, terms, rules, not_before,
                     expires, disabled, revoked, created, updated, rotated, name, reason, metadata)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);
