-- SPDX-License-Identifier: Apache-2.0

INSERT INTO meters (id, "full")
VALUES (?, ?)
ON CONFLICT (id) DO UPDATE
SET "full" = excluded."full";
