-- SPDX-License-Identifier: Apache-2.0

DELETE FROM meters
WHERE id IN (SELECT id FROM meters WHERE "full" <= ? ORDER BY "full" LIMIT ?);
