-- SPDX-License-Identifier: Apache-2.0

-- An answer may take the place of one that had expired when it was made.
INSERT INTO answers (id, request, record, created, expires)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE
SET request = excluded.request, record = excluded.record, created = excluded.created, expires = excluded.expires
WHERE answers.expires <> 0 AND answers.expires <= excluded.created;
