-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- A page of an owner's keys is one range in every order.
DROP INDEX records_owner;
CREATE INDEX records_owner ON records (owner, keyspace, id);
CREATE INDEX records_owner_expires ON records (owner, keyspace, expires, id) WHERE expires <> 0;
