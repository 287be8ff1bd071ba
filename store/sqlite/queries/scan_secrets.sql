-- SPDX-License-Identifier: Apache-2.0

-- In the order of the records, and behind the record those of row.scannedSecret. What few secrets have is one column, NULL
-- where there is nothing of it, as each column costs the driver several calls.
SELECT record, hash, public_id, created, expires, registered,
       CASE WHEN pepper <> '' OR slow <> '' OR grace <> 0 OR idle <> 0
            THEN CAST(pepper || char(0) || slow || char(0) || grace || char(0) || idle AS BLOB) END
FROM secrets
WHERE record > ?
ORDER BY record, position;
