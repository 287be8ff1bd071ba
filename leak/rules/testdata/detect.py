# SPDX-License-Identifier: Apache-2.0
"""Reads a plugin for detect-secrets, and texts from standard input, and prints the keys that it finds in each."""

import importlib.util
import json
import pathlib
import sys

sys.dont_write_bytecode = True
if importlib.util.find_spec("detect_secrets") is None:
    sys.path.append(str(pathlib.Path(__file__).parent))

from detect_secrets.constants import VerifiedResult  # noqa: E402
from detect_secrets.plugins.base import RegexBasedDetector  # noqa: E402

spec = importlib.util.spec_from_file_location("plugin", sys.argv[1])
plugin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)
detectors = [c() for c in vars(plugin).values() if isinstance(c, type) and issubclass(c, RegexBasedDetector) and c is not RegexBasedDetector]
if len({d.secret_type for d in detectors}) != len(detectors):
    sys.exit("two detectors have the same secret_type")


def found(text):
    return [s for d in detectors for s in d.analyze_string(text) if d.verify(s) is not VerifiedResult.VERIFIED_FALSE]


print(json.dumps([found(text) for text in json.load(sys.stdin)]))
