"""Drives the official Python client and async-customerio over TLS; prints the answers as JSON."""

import asyncio
import json
import os
import ssl

import requests
from customerio import APIClient, CustomerIO

host = os.environ["LANDFALL_TLS_HOST"]
port = int(os.environ["LANDFALL_TLS_PORT"])
authority = os.environ["LANDFALL_CA"]
os.environ["REQUESTS_CA_BUNDLE"] = authority
os.environ["SSL_CERT_FILE"] = authority
answers = {}


def call(name, work):
    try:
        answer = work()
        answers[name] = {"ok": answer if isinstance(answer, (dict, list, str)) else None}
    except Exception as error:
        answers[name] = {"error": str(error)}


client = CustomerIO("site-test", "track-test", host=host, port=port, retries=0)
call("identify", lambda: client.identify(id="p1", email="pia@example.org", plan="basic"))
call("add_device", lambda: client.add_device(
    customer_id="p1", device_id="tok:1", platform="ios", last_used=1790000000, app_version="1.2"))
call("track", lambda: client.track(customer_id="p1", name="ordered", data={"total": 9}))
call("track_anonymous", lambda: client.track_anonymous(anonymous_id="anon-py", name="viewed", data={"sku": "C"}))
call("delete_device", lambda: client.delete_device(customer_id="p1", device_id="tok:1"))
call("suppress", lambda: client.suppress("p2"))
call("merge", lambda: client.merge_customers("id", "p1", "email", "nobody@example.org"))
wrong = CustomerIO("site-test", "wrong", host=host, port=port, retries=0)
call("wrong_key", lambda: wrong.identify(id="p3"))


async def asynchronous():
    from async_customerio import AsyncCustomerIO

    track = AsyncCustomerIO("site-test", "track-test", host=host, port=port)
    await track.identify("p4", email="p4@example.org", plan="async")
    await track.add_device("p4", "tok-async", "android", last_used=1790000000, app_version="3.0")
    await track.track("p4", "async_event", value=1)


try:
    asyncio.run(asynchronous())
    answers["async"] = {"ok": None}
except Exception as error:
    answers["async"] = {"error": repr(error)}
print(json.dumps(answers))
