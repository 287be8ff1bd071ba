-- SPDX-License-Identifier: Apache-2.0

SELECT record, position, keyspace, hash, public_id, created, expires, registered, pepper, slow, grace, idle
FROM secrets WHERE record = ANY ($1) ORDER BY record, position;
