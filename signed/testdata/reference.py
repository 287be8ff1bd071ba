# SPDX-License-Identifier: Apache-2.0
"""The formats of signed and derived keys once more, in Python, for the tests: one JSON request a line, one answer a line."""

import base64
import datetime
import hashlib
import hmac
import json
import sys


def mac(secret, message):
    return hmac.new(secret.encode(), message, hashlib.sha256)


def sign(r):
    created = datetime.datetime.fromtimestamp(r["seconds"], datetime.timezone.utc).replace(tzinfo=None, microsecond=r["micros"])
    claims = {"user_id": r["user"], "permissions": r["permissions"], "created_at": created.isoformat(), "key_id": r["key_id"]}
    payload = json.dumps(claims, sort_keys=True).encode()
    key = base64.urlsafe_b64encode(payload + mac(r["secret"], payload).digest())
    return {"key": key.decode().rstrip("=")}


def read(r):
    data = base64.urlsafe_b64decode(r["key"] + "=" * (-len(r["key"]) % 4))
    payload, given = data[:-32], data[-32:]
    if not hmac.compare_digest(given, mac(r["secret"], payload).digest()):
        return {"error": "signature"}
    claims = json.loads(payload.decode())
    created = datetime.datetime.fromisoformat(claims["created_at"])
    seconds = (created - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    return {
        "user": claims["user_id"],
        "permissions": claims["permissions"],
        "key_id": claims["key_id"],
        "seconds": seconds,
        "micros": created.microsecond,
    }


def derive(r):
    return {"key": "sk_" + r["scope"] + "_" + mac(r["secret"], r["scope"].encode()).hexdigest()[:32]}


for line in sys.stdin:
    request = json.loads(line)
    answer = {"sign": sign, "read": read, "derive": derive}[request["do"]](request)
    print(json.dumps(answer), flush=True)
