-- SPDX-License-Identifier: Apache-2.0

INSERT INTO owners (keyspace, id, version, limits, credits, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7);
