-- SPDX-License-Identifier: Apache-2.0

-- In the first there was nobody who could have had a lease.
UPDATE cluster SET timeline = $1, since = CASE timeline WHEN '' THEN 0 ELSE (extract(epoch FROM clock_timestamp()) * 1000)::bigint END WHERE timeline <> $1;
