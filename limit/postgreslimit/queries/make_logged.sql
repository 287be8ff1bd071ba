-- SPDX-License-Identifier: Apache-2.0

-- For databases that speak as PostgreSQL does and have neither unlogged tables nor a fill factor.
CREATE TABLE IF NOT EXISTS shared_meters (
    id      bytea   NOT NULL PRIMARY KEY,
    full_at numeric NOT NULL
);
