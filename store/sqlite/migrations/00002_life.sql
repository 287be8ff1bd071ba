-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- Records and secrets are written anew, so that what a scan does not need still comes last in a row. Parent and rotated
-- are NULL where there is none. Terms are the roles, limits and credits of a record, as one JSON text: many records
-- share few. Rotated is when the current secret was made.
CREATE TABLE records_2 (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    keyspace    TEXT    NOT NULL DEFAULT '',
    format      TEXT    NOT NULL DEFAULT '',
    environment TEXT    NOT NULL DEFAULT '',
    owner       TEXT    NOT NULL DEFAULT '',
    parent      BLOB             CHECK (length(parent) = 16),
    scopes      TEXT    NOT NULL DEFAULT '',
    terms       TEXT    NOT NULL DEFAULT '',
    rules       TEXT    NOT NULL DEFAULT '',
    not_before  INTEGER NOT NULL DEFAULT 0,
    expires     INTEGER NOT NULL DEFAULT 0,
    disabled    INTEGER NOT NULL DEFAULT 0,
    revoked     INTEGER NOT NULL DEFAULT 0,
    created     INTEGER NOT NULL DEFAULT 0,
    updated     INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL,
    rotated     INTEGER,
    name        TEXT    NOT NULL DEFAULT '',
    reason      TEXT    NOT NULL DEFAULT '',
    metadata    TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

INSERT INTO records_2 (id, keyspace, format, environment, owner, scopes, rules, not_before, expires, disabled, revoked,
                       created, updated, version, rotated, name, reason, metadata)
SELECT id, keyspace, format, environment, owner, scopes, rules, not_before, expires, disabled, revoked,
       created, updated, version, (SELECT s.created FROM secrets s WHERE s.record = records.id AND s.position = 0),
       name, reason, metadata
FROM records ORDER BY id;

-- Idle is in nanoseconds.
CREATE TABLE secrets_2 (
    record     BLOB    NOT NULL REFERENCES records_2 (id),
    position   INTEGER NOT NULL,
    keyspace   TEXT    NOT NULL DEFAULT '',
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    public_id  TEXT    NOT NULL DEFAULT '',
    created    INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL DEFAULT 0,
    registered INTEGER NOT NULL DEFAULT 0,
    pepper     TEXT    NOT NULL DEFAULT '',
    slow       TEXT    NOT NULL DEFAULT '',
    grace      INTEGER NOT NULL DEFAULT 0,
    idle       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (record, position)
) STRICT, WITHOUT ROWID;

INSERT INTO secrets_2 (record, position, keyspace, hash, public_id, created, expires, registered)
SELECT record, position, keyspace, hash, public_id, created, expires, registered FROM secrets ORDER BY record, position;

DROP TABLE secrets;
DROP TABLE records;
ALTER TABLE records_2 RENAME TO records;
ALTER TABLE secrets_2 RENAME TO secrets;

-- All of them end with the id, because the table has no rowid.
CREATE INDEX records_keyspace ON records (keyspace);
CREATE INDEX records_owner ON records (owner);
CREATE INDEX records_rotated ON records (keyspace, rotated);
CREATE INDEX records_parent ON records (parent) WHERE parent IS NOT NULL;
CREATE INDEX records_expires ON records (keyspace, expires) WHERE expires <> 0;

CREATE UNIQUE INDEX secrets_hash ON secrets (hash);
CREATE UNIQUE INDEX secrets_public_id ON secrets (public_id, keyspace) WHERE public_id <> '';
CREATE INDEX secrets_grace ON secrets (record) WHERE grace <> 0;

CREATE TABLE owners (
    keyspace TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    limits   TEXT    NOT NULL DEFAULT '',
    credits  TEXT    NOT NULL DEFAULT '',
    created  INTEGER NOT NULL DEFAULT 0,
    updated  INTEGER NOT NULL DEFAULT 0,
    version  INTEGER NOT NULL,
    PRIMARY KEY (keyspace, id)
) STRICT, WITHOUT ROWID;

-- A spend changes nothing that an index holds.
CREATE TABLE balances (
    account   BLOB    NOT NULL PRIMARY KEY CHECK (length(account) = 16),
    keyspace  TEXT    NOT NULL DEFAULT '',
    owner     TEXT    NOT NULL DEFAULT '',
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    refilled  INTEGER NOT NULL DEFAULT 0,
    next      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX balances_next ON balances (next) WHERE next <> 0;
CREATE INDEX balances_owner ON balances (owner) WHERE owner <> '';

-- Key is NULL in lines that are no spends.
CREATE TABLE ledger (
    sequence  INTEGER NOT NULL PRIMARY KEY,
    account   BLOB    NOT NULL CHECK (length(account) = 16),
    time      INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    key       BLOB             CHECK (length(key) = 16),
    amount    INTEGER NOT NULL,
    count     INTEGER NOT NULL DEFAULT 0,
    remaining INTEGER NOT NULL
) STRICT;

CREATE INDEX ledger_account ON ledger (account);
CREATE UNIQUE INDEX ledger_spends ON ledger (account, key, time) WHERE kind = 'spend';

CREATE TABLE items (
    kind    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    data    BLOB    NOT NULL,
    created INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    sequence  INTEGER NOT NULL PRIMARY KEY,
    hash      BLOB    NOT NULL CHECK (length(hash) = 32),
    time      INTEGER NOT NULL DEFAULT 0,
    signer    BLOB    NOT NULL,
    signature BLOB    NOT NULL,
    pruned    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A key of zeros stands for the whole keyspace.
CREATE TABLE usage (
    key      BLOB    NOT NULL CHECK (length(key) = 16),
    hour     INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    keyspace TEXT    NOT NULL DEFAULT '',
    count    INTEGER NOT NULL,
    cost     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key, hour, code, keyspace)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_hour ON usage (hour);

CREATE TABLE uses (
    key    BLOB    NOT NULL CHECK (length(key) = 16),
    hash   BLOB    NOT NULL CHECK (length(hash) = 32),
    time   INTEGER NOT NULL,
    source TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (key, hash)
) STRICT, WITHOUT ROWID;

-- Full is in nanoseconds: a fast limit counts in less than milliseconds.
CREATE TABLE meters (
    id     BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 24),
    "full" INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX meters_full ON meters ("full");

PRAGMA user_version = 2;
