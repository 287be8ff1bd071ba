-- SPDX-License-Identifier: Apache-2.0

SELECT sequence, personal FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?;
