-- SPDX-License-Identifier: Apache-2.0

-- Without name, reason and metadata: a table of verifiers has no use for them. In the order of row.judged.
SELECT id, version, keyspace, format, environment, owner, parent, scopes, terms, rules, not_before,
       expires, disabled, revoked, created, updated
FROM records
WHERE id > ?
ORDER BY id
LIMIT ?;
