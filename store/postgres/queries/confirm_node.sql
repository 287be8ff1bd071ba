-- SPDX-License-Identifier: Apache-2.0

UPDATE nodes SET confirmed = greatest(confirmed, $2) WHERE id = $1;
