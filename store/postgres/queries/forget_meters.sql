-- SPDX-License-Identifier: Apache-2.0

DELETE FROM meters
WHERE id IN (SELECT id FROM meters WHERE full_at <= $1 ORDER BY full_at LIMIT $2);
