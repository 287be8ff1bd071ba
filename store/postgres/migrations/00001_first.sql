-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- Times are milliseconds since 1970 in UTC, and 0 is no time: to_timestamp(created / 1000.0) shows one. A timestamptz
-- would come back as something else than was written (it keeps microseconds) and needs NULL for no time. Ids are
-- UUIDv7, which sort by age. Lists and rules are JSON in text, and '' is an empty one: jsonb would write them anew.
-- Text sorts by its bytes, the same on every server.

-- The one row of head is where the audit chain ends. Whoever writes has it locked, so that writers of several
-- processes make one chain. The epoch counts the holders of the store: what a former one still sends is refused by it.
CREATE TABLE head (
    one      boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    sequence bigint  NOT NULL DEFAULT 0,
    hash     bytea   NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
    epoch    bigint  NOT NULL DEFAULT 0,
    holder   text    NOT NULL DEFAULT '',
    since    bigint  NOT NULL DEFAULT 0
);
INSERT INTO head DEFAULT VALUES;

CREATE TABLE records (
    id          uuid    NOT NULL CONSTRAINT records_id PRIMARY KEY,
    version     bigint  NOT NULL,
    keyspace    text    NOT NULL COLLATE "C",
    format      text    NOT NULL COLLATE "C",
    environment text    NOT NULL COLLATE "C",
    owner       text    NOT NULL COLLATE "C",
    parent      uuid,
    scopes      text    NOT NULL COLLATE "C",
    terms       text    NOT NULL COLLATE "C", -- roles, limits and credits in one JSON: many records share few
    rules       text    NOT NULL COLLATE "C",
    not_before  bigint  NOT NULL,
    expires     bigint  NOT NULL,
    disabled    boolean NOT NULL,
    revoked     bigint  NOT NULL,
    created     bigint  NOT NULL,
    updated     bigint  NOT NULL,
    rotated     bigint, -- when the current secret was made
    name        text    NOT NULL COLLATE "C",
    reason      text    NOT NULL COLLATE "C",
    metadata    text    NOT NULL COLLATE "C"
);

-- Each ends with the id: a page of a list is one range of one of them.
CREATE INDEX records_keyspace ON records (keyspace, id);
CREATE INDEX records_owner ON records (owner, id);
CREATE INDEX records_parent ON records (parent, id) WHERE parent IS NOT NULL;
CREATE INDEX records_expires ON records (keyspace, expires) WHERE expires <> 0;
CREATE INDEX records_rotated ON records (keyspace, rotated);

-- Rows are written in the one transaction of their record, by one function: a foreign key would only cost.
CREATE TABLE secrets (
    record     uuid    NOT NULL,
    position   integer NOT NULL,
    keyspace   text    NOT NULL COLLATE "C",
    hash       bytea   NOT NULL CHECK (length(hash) = 32),
    public_id  text    NOT NULL COLLATE "C",
    created    bigint  NOT NULL,
    expires    bigint  NOT NULL,
    registered boolean NOT NULL,
    pepper     text    NOT NULL COLLATE "C",
    slow       text    NOT NULL COLLATE "C",
    grace      boolean NOT NULL,
    idle       bigint  NOT NULL, -- nanoseconds
    PRIMARY KEY (record, position)
);

CREATE UNIQUE INDEX secrets_hash ON secrets (hash);
CREATE UNIQUE INDEX secrets_public_id ON secrets (public_id, keyspace) WHERE public_id <> '';
CREATE INDEX secrets_grace ON secrets (record) WHERE grace;

CREATE TABLE keyspaces (
    name         text   NOT NULL COLLATE "C" CONSTRAINT keyspaces_name PRIMARY KEY,
    version      bigint NOT NULL,
    formats      text   NOT NULL,
    environments text   NOT NULL,
    policy       text   NOT NULL,
    created      bigint NOT NULL,
    updated      bigint NOT NULL
);

CREATE TABLE owners (
    keyspace text   NOT NULL COLLATE "C",
    id       text   NOT NULL COLLATE "C",
    version  bigint NOT NULL,
    limits   text   NOT NULL,
    credits  text   NOT NULL,
    created  bigint NOT NULL,
    updated  bigint NOT NULL,
    CONSTRAINT owners_id PRIMARY KEY (keyspace, id)
);

CREATE TABLE items (
    kind    text   NOT NULL COLLATE "C",
    name    text   NOT NULL COLLATE "C",
    version bigint NOT NULL,
    data    bytea  NOT NULL,
    created bigint NOT NULL,
    CONSTRAINT items_name PRIMARY KEY (kind, name)
);

CREATE TABLE answers (
    id      bytea  NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    request bytea  NOT NULL CHECK (length(request) = 32),
    record  uuid   NOT NULL,
    created bigint NOT NULL,
    expires bigint NOT NULL
);

CREATE INDEX answers_expires ON answers (expires);

CREATE TABLE balances (
    account   uuid   NOT NULL PRIMARY KEY,
    keyspace  text   NOT NULL COLLATE "C",
    owner     text   NOT NULL COLLATE "C",
    remaining bigint NOT NULL CHECK (remaining >= 0),
    refilled  bigint NOT NULL,
    next      bigint NOT NULL
) WITH (fillfactor = 70); -- a spend changes nothing that an index holds, and finds room on the page

CREATE INDEX balances_next ON balances (next) WHERE next <> 0;
CREATE INDEX balances_owner ON balances (owner) WHERE owner <> '';

-- The key is NULL in lines that are no spends.
CREATE TABLE ledger (
    sequence  bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    account   uuid   NOT NULL,
    time      bigint NOT NULL,
    kind      text   NOT NULL COLLATE "C",
    key       uuid,
    amount    bigint NOT NULL,
    count     bigint NOT NULL,
    remaining bigint NOT NULL
);

CREATE INDEX ledger_account ON ledger (account, sequence);
CREATE UNIQUE INDEX ledger_spend ON ledger (account, key, time) WHERE kind = 'spend';

-- The time of an event is part of its hash, so it is written as it is: here 0 is 1970.
CREATE TABLE events (
    sequence bigint NOT NULL PRIMARY KEY,
    time     bigint NOT NULL,
    actor    text   NOT NULL COLLATE "C",
    verb     text   NOT NULL COLLATE "C",
    target   text   NOT NULL COLLATE "C",
    keyspace text   NOT NULL COLLATE "C",
    request  text   NOT NULL COLLATE "C",
    changes  text   NOT NULL,
    personal text   NOT NULL,
    previous bytea  NOT NULL CHECK (length(previous) = 32),
    hash     bytea  NOT NULL CHECK (length(hash) = 32)
);

CREATE INDEX events_target ON events (target, sequence);

CREATE TABLE checkpoints (
    sequence  bigint  NOT NULL CONSTRAINT checkpoints_sequence PRIMARY KEY,
    hash      bytea   NOT NULL CHECK (length(hash) = 32),
    time      bigint  NOT NULL,
    signer    bytea   NOT NULL,
    signature bytea   NOT NULL,
    pruned    boolean NOT NULL
);

-- A key of zero bytes stands for the whole keyspace.
CREATE TABLE usage (
    key      uuid   NOT NULL,
    keyspace text   NOT NULL COLLATE "C",
    hour     bigint NOT NULL,
    code     text   NOT NULL COLLATE "C",
    count    bigint NOT NULL,
    cost     bigint NOT NULL,
    PRIMARY KEY (key, hour, code, keyspace)
);

CREATE INDEX usage_hour ON usage (hour, key, code, keyspace);

CREATE TABLE uses (
    key    uuid   NOT NULL,
    hash   bytea  NOT NULL CHECK (length(hash) = 32),
    time   bigint NOT NULL,
    source text   NOT NULL, -- inet would drop zones
    PRIMARY KEY (key, hash)
);

CREATE TABLE meters (
    id      bytea  NOT NULL PRIMARY KEY CHECK (length(id) = 24),
    full_at bigint NOT NULL -- nanoseconds since 1970
);

CREATE INDEX meters_full_at ON meters (full_at);
