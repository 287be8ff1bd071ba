-- SPDX-License-Identifier: Apache-2.0

-- Those that were lost an hour ago do not come back.
DELETE FROM nodes WHERE lost AND seen < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 3600000;
