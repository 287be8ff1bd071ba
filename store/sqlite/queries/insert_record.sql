-- SPDX-License-Identifier: Apache-2.0

INSERT INTO records (id, version, keyspace, format, environment, owner, parent, scopes, terms, rules, not_before, expires,
                     disabled, revoked, created, updated, rotated, name, reason, metadata)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
