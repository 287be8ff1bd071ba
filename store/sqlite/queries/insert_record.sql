-- SPDX-License-Identifier: Apache-2.0

INSERT INTO records (id, version, keyspace, format, environment, owner, scopes, rules, not_before, expires, disabled,
                     revoked, created, updated, name, reason, metadata)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
