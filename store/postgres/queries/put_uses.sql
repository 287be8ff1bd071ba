-- SPDX-License-Identifier: Apache-2.0

INSERT INTO uses (key, hash, time, source)
SELECT t.key, t.hash, t.time, t.source
FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::text[]) AS t (key, hash, time, source)
ON CONFLICT (key, hash) DO UPDATE
SET time = excluded.time, source = excluded.source
WHERE uses.time < excluded.time;
