-- SPDX-License-Identifier: Apache-2.0

-- In the order of the records, and behind the record those of row.secret.
SELECT record, hash, public_id, created, expires, registered, pepper, slow, grace, idle
FROM secrets
WHERE record > ?
ORDER BY record, position;
