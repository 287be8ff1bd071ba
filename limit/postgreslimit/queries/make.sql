-- SPDX-License-Identifier: Apache-2.0

-- Seconds since 1970 to the femtosecond at which a meter is full. Nothing of it goes to the log of the server: it is empty after
-- a crash, as memory is. A meter is updated in place, as no index holds what changes.
CREATE UNLOGGED TABLE IF NOT EXISTS shared_meters (
    id      bytea   NOT NULL PRIMARY KEY,
    full_at numeric NOT NULL
) WITH (fillfactor = 50);
