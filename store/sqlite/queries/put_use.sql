-- SPDX-License-Identifier: Apache-2.0

INSERT INTO uses (key, hash, time, source)
VALUES (?, ?, ?, ?)
ON CONFLICT (key, hash) DO UPDATE
SET time = excluded.time, source = excluded.source
WHERE uses.time < excluded.time;
