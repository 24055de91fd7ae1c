"""slack_sdk's WebhookClient, unmodified, against simulated incoming webhooks. Its orders come as JSON in
ORDERS: a list of {name, url, message}. It prints what it was answered, by name."""

import json
import os

from slack_sdk.webhook import WebhookClient

answers = {}
for order in json.loads(os.environ["ORDERS"]):
    answer = WebhookClient(order["url"]).send(**order["message"])
    answers[order["name"]] = {
        "status": answer.status_code,
        "body": answer.body,
        "retry_after": answer.headers.get("Retry-After"),
    }
print(json.dumps(answers))
