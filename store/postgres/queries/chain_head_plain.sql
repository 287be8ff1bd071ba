-- SPDX-License-Identifier: Apache-2.0

-- For servers that do not tell their timeline.
SELECT h.epoch, h.sequence, h.hash, c.longest, c.timeline, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - c.since, ''
FROM head h, cluster c;
