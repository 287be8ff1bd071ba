-- SPDX-License-Identifier: Apache-2.0

INSERT INTO secrets (record, position, keyspace, hash, public_id, created, expires, registered, pepper, slow, grace, idle)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
