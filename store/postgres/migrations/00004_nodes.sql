-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- The processes that have the store open together. Times are milliseconds since 1970 by the clock of the server, and are
-- shown, never decided by: who waits for a lease counts on its own clock. A term is in milliseconds.
CREATE TABLE nodes (
    id        text    NOT NULL COLLATE "C" PRIMARY KEY,
    name      text    NOT NULL,
    version   text    NOT NULL,
    address   text    NOT NULL,
    started   bigint  NOT NULL,
    term      bigint  NOT NULL,
    renewal   bigint  NOT NULL DEFAULT 0,
    confirmed bigint  NOT NULL DEFAULT 0,
    seen      bigint  NOT NULL DEFAULT 0,
    lost      boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50); -- rows are written three times a second, and find room on their page

-- The one row of cluster is what all nodes share. Another timeline is another server, which may have lost leases.
CREATE TABLE cluster (
    one      boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    longest  bigint  NOT NULL DEFAULT 0, -- term that any node ever joined with
    timeline text    NOT NULL DEFAULT '',
    since    bigint  NOT NULL DEFAULT 0
);
INSERT INTO cluster DEFAULT VALUES;
