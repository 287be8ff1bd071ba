-- SPDX-License-Identifier: Apache-2.0

SELECT coalesce(max(term), 0) FROM nodes;
