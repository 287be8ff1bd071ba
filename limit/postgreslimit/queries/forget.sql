-- SPDX-License-Identifier: Apache-2.0

DELETE FROM shared_meters WHERE id IN (
    SELECT id FROM shared_meters
    WHERE full_at < extract(epoch FROM clock_timestamp())::numeric - 60
    LIMIT 10000 FOR UPDATE SKIP LOCKED
)
