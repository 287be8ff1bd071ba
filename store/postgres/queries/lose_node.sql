-- SPDX-License-Identifier: Apache-2.0

UPDATE nodes SET lost = true WHERE id = $1 AND renewal = $2;
