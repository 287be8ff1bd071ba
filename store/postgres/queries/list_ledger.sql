-- SPDX-License-Identifier: Apache-2.0

SELECT sequence, account, time, kind, key, amount, count, remaining
FROM ledger WHERE /* filter */ ORDER BY sequence /* direction */ LIMIT /* limit */;
