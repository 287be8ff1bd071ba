-- SPDX-License-Identifier: Apache-2.0

-- The indexes that can be made again: those of primary keys have no text.
SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name;
