-- SPDX-License-Identifier: Apache-2.0

UPDATE nodes SET renewal = renewal + 1, confirmed = greatest(confirmed, $2), seen = (extract(epoch FROM clock_timestamp()) * 1000)::bigint, lost = false WHERE id = $1;
