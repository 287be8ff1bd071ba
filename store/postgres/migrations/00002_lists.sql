-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- What few records are, found among many: each index holds only those.
CREATE INDEX records_revoked ON records (keyspace, id) WHERE revoked <> 0;
CREATE INDEX records_disabled ON records (keyspace, id) WHERE disabled;
CREATE INDEX records_pending ON records (keyspace, not_before) WHERE not_before <> 0;

-- A page by end is one range.
DROP INDEX records_expires;
CREATE INDEX records_expires ON records (keyspace, expires, id) WHERE expires <> 0;
