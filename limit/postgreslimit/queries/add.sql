-- SPDX-License-Identifier: Apache-2.0

INSERT INTO shared_meters (id, full_at)
SELECT id, 0 FROM unnest($1::bytea[]) AS t(id) ORDER BY id
ON CONFLICT (id) DO NOTHING
