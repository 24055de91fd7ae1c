"""pywebpush, unmodified, against the simulated push service. Its orders come as JSON in ORDERS: a list of
{name, subscription, payload, options}. It prints what it was answered, by name."""

import json
import os

from py_vapid import Vapid
from pywebpush import WebPushException, webpush

key = Vapid()
key.generate_keys()
answers = {}
for order in json.loads(os.environ["ORDERS"]):
    try:
        answer = webpush(
            order["subscription"],
            data=order["payload"],
            vapid_private_key=key,
            vapid_claims={"sub": "mailto:push@example.org"},
            **order["options"],
        )
    except WebPushException as error:
        answer = error.response
    answers[order["name"]] = {
        "status": answer.status_code,
        "headers": {name.lower(): value for name, value in answer.headers.items()},
        "body": answer.text,
    }
print(json.dumps(answers))
