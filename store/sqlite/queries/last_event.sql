-- SPDX-License-Identifier: Apache-2.0

SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1;
