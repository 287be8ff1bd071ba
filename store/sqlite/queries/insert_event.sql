-- SPDX-License-Identifier: Apache-2.0

INSERT INTO events (sequence, time, actor, verb, target, keyspace, request, changes, personal, previous, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
