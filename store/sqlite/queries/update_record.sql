-- SPDX-License-Identifier: Apache-2.0

UPDATE records
SET version = ?2, keyspace = ?3, format = ?4, environment = ?5, owner = ?6, scopes = ?7, rules = ?8, not_before = ?9,
    expires = ?10, disabled = ?11, revoked = ?12, created = ?13, updated = ?14, name = ?15, reason = ?16, metadata = ?17
WHERE id = ?1 AND version = ?2 - 1;
