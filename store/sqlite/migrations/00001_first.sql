-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- Times are milliseconds since 1970 in UTC, and 0 is no time. Lists and rules are JSON, and '' is an empty one.
-- What a scan does not need comes last in a row, so that it is not read.
CREATE TABLE records (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    keyspace    TEXT    NOT NULL DEFAULT '',
    format      TEXT    NOT NULL DEFAULT '',
    environment TEXT    NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    scopes      TEXT    NOT NULL DEFAULT '',
    rules       TEXT    NOT NULL DEFAULT '',
    not_before  INTEGER NOT NULL DEFAULT 0,
    expires     INTEGER NOT NULL DEFAULT 0,
    disabled    INTEGER NOT NULL DEFAULT 0,
    revoked     INTEGER NOT NULL DEFAULT 0,
    created     INTEGER NOT NULL DEFAULT 0,
    updated     INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL,
    name        TEXT    NOT NULL DEFAULT '',
    reason      TEXT    NOT NULL DEFAULT '',
    metadata    TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Both indexes end with the id, because the table has no rowid: a page of a list is one range of one of them.
CREATE INDEX records_keyspace ON records (keyspace);
CREATE INDEX records_owner ON records (owner);

-- Secrets lie in the order of their records, so that a scan reads both tables from front to back. The hashes are
-- random, and so is their place in an index: only two narrow indexes have to be written all over.
CREATE TABLE secrets (
    record     BLOB    NOT NULL REFERENCES records (id),
    position   INTEGER NOT NULL,
    keyspace   TEXT    NOT NULL DEFAULT '',
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    public_id  TEXT    NOT NULL DEFAULT '',
    created    INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL DEFAULT 0,
    registered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (record, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX secrets_hash ON secrets (hash);
CREATE UNIQUE INDEX secrets_public_id ON secrets (public_id, keyspace) WHERE public_id <> '';

CREATE TABLE keyspaces (
    name         TEXT    NOT NULL PRIMARY KEY,
    formats      TEXT    NOT NULL DEFAULT '',
    environments TEXT    NOT NULL DEFAULT '',
    policy       TEXT    NOT NULL DEFAULT '',
    created      INTEGER NOT NULL DEFAULT 0,
    updated      INTEGER NOT NULL DEFAULT 0,
    version      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    request BLOB    NOT NULL CHECK (length(request) = 32),
    record  BLOB    NOT NULL CHECK (length(record) = 16),
    created INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_expires ON answers (expires);

-- The time of an event is part of its hash, so it is written as it is: here 0 is 1970.
CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY,
    time     INTEGER NOT NULL,
    actor    TEXT    NOT NULL DEFAULT '',
    verb     TEXT    NOT NULL DEFAULT '',
    target   TEXT    NOT NULL DEFAULT '',
    keyspace TEXT    NOT NULL DEFAULT '',
    request  TEXT    NOT NULL DEFAULT '',
    changes  TEXT    NOT NULL DEFAULT '',
    personal TEXT    NOT NULL DEFAULT '',
    previous BLOB    NOT NULL CHECK (length(previous) = 32),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX events_target ON events (target);

-- The version of the schema stands in the header too, where it can be read before anything touches the file.
PRAGMA user_version = 1;
