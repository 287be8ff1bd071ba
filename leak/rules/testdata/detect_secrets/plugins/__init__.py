# SPDX-License-Identifier: Apache-2.0
"""What the documentation of detect-secrets 1 says of plugins, for a machine where it is not installed."""
