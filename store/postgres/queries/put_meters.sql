-- SPDX-License-Identifier: Apache-2.0

INSERT INTO meters (id, full_at)
SELECT t.id, t.full_at FROM unnest($1::bytea[], $2::bigint[]) AS t (id, full_at)
ON CONFLICT (id) DO UPDATE
SET full_at = excluded.full_at;
