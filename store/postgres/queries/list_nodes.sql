-- SPDX-License-Identifier: Apache-2.0

SELECT id, name, version, address, started, term, renewal, confirmed, seen, lost, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
FROM nodes ORDER BY started, id;
