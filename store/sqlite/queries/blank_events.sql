-- SPDX-License-Identifier: Apache-2.0

-- Spaces of the same length are written over the text where it lies. Cells that are deleted one by one move others to
-- other pages, and what they leave behind is not zeroed.
UPDATE events
SET actor = printf('%*s', octet_length(actor), ''), request = printf('%*s', octet_length(request), ''),
    changes = printf('%*s', octet_length(changes), ''), personal = printf('%*s', octet_length(personal), '')
WHERE sequence <= ?;
