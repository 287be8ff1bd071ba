-- SPDX-License-Identifier: Apache-2.0

INSERT INTO nodes (id, name, version, address, started, term, seen) VALUES ($1, $2, $3, $4, $5, $6, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, address = excluded.address,
    started = excluded.started, term = excluded.term, renewal = nodes.renewal + 1, confirmed = 0, seen = excluded.seen, lost = false;
