-- SPDX-License-Identifier: Apache-2.0

-- Without name, reason and metadata: a table of verifiers has no use for them. What many records have alike is one text,
-- with NUL between its parts, as each column costs the driver several calls. In the order of row.scanned.
SELECT id, version,
       keyspace || char(0) || format || char(0) || environment || char(0) || scopes || char(0) || terms || char(0) || rules,
       owner, parent, not_before, expires, disabled, revoked, created, updated
FROM records
WHERE id > ?
ORDER BY id
LIMIT ?;
