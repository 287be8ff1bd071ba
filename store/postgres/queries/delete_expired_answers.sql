-- SPDX-License-Identifier: Apache-2.0

-- A few with every new one, so that the table does not grow for ever and no write is slow.
DELETE FROM answers
WHERE id IN (SELECT id FROM answers WHERE expires <> 0 AND expires <= $1 ORDER BY expires LIMIT 8);
