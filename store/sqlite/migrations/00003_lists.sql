-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- What few records are, found among many: each index holds only those. All of them end with the id.
CREATE INDEX records_revoked ON records (keyspace) WHERE revoked <> 0;
CREATE INDEX records_disabled ON records (keyspace) WHERE disabled <> 0;
CREATE INDEX records_pending ON records (keyspace, not_before) WHERE not_before <> 0;

PRAGMA user_version = 3;
