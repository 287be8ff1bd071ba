-- SPDX-License-Identifier: Apache-2.0

-- The next line comes after those that were loaded.
SELECT setval(pg_get_serial_sequence('ledger', 'sequence'), max(sequence)) FROM ledger HAVING count(*) > 0;
