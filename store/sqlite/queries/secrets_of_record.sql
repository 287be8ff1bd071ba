-- SPDX-License-Identifier: Apache-2.0

SELECT keyspace, hash, public_id, created, expires, registered, pepper, slow, grace, idle
FROM secrets WHERE record = ? ORDER BY position;
