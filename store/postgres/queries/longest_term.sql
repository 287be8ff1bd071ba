-- SPDX-License-Identifier: Apache-2.0

UPDATE cluster SET longest = greatest(longest, $1);
