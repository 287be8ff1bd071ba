-- SPDX-License-Identifier: Apache-2.0

-- The lock waits for every write of a former holder that has begun.
WITH locked AS (SELECT one FROM head FOR UPDATE)
UPDATE head SET epoch = epoch + 1, holder = $1, since = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
FROM locked WHERE head.one = locked.one;
