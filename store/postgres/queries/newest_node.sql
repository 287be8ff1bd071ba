-- SPDX-License-Identifier: Apache-2.0

SELECT 'the node ' || name || ', ' || address, started FROM nodes ORDER BY seen DESC LIMIT 1;
