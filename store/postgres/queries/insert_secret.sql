-- SPDX-License-Identifier: Apache-2.0

INSERT INTO secrets (record, position, keyspace, hash, public_id, created, expires, registered, pepper, slow, grace,
                     idle)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);
