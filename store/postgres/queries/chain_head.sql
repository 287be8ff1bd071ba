-- SPDX-License-Identifier: Apache-2.0

SELECT h.epoch, h.sequence, h.hash, c.longest, c.timeline, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - c.since,
       substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
FROM head h, cluster c;
