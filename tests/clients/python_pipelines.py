"""Drives the official Python analytics client; prints what failed as JSON."""

import json
import os

from customerio.analytics import Client

failures = []
client = Client(
    "write-test",
    host=os.environ["LANDFALL_URL"],
    gzip=True,
    on_error=lambda error, items: failures.append(str(error)),
)
client.identify(user_id="pp1", traits={"email": "pp1@example.org", "tier": "silver"})
client.track(user_id="pp1", event="subscribed_plan", properties={"plan": "x"})
client.screen(user_id="pp1", name="Cart")
client.flush()
client.join()
print(json.dumps({"failures": failures}))
