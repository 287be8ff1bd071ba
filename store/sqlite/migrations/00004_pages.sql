-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- A page of an owner's keys is one range in every order. Both end with the id.
DROP INDEX records_owner;
CREATE INDEX records_owner ON records (owner, keyspace);
CREATE INDEX records_owner_expires ON records (owner, keyspace, expires) WHERE expires <> 0;

PRAGMA user_version = 4;
