-- SPDX-License-Identifier: Apache-2.0

INSERT INTO owners (keyspace, id, version, limits, credits, created, updated)
VALUES (?, ?, ?, ?, ?, ?, ?);
