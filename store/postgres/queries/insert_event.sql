-- SPDX-License-Identifier: Apache-2.0

INSERT INTO events (sequence, time, actor, verb, target, keyspace, request, changes, personal, previous, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
