-- SPDX-License-Identifier: Apache-2.0

SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), pg_is_in_recovery(),
       current_setting('transaction_read_only')::boolean;
