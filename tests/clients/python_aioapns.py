"""Drives aioapns, unmodified, against a simulated APNs; prints how it read each answer as JSON.

PLAN is a list of steps, each a list of pushes that are sent at the same time.
"""

import asyncio
import json
import logging
import os
import ssl

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol, APNsTLSClientProtocol

logging.disable(logging.CRITICAL)
APNsProductionClientProtocol.APNS_SERVER = "localhost"
APNsTLSClientProtocol.APNS_PORT = int(os.environ["PORT"])


async def send(client, push):
    request = NotificationRequest(
        device_token=push["token"],
        message=push.get("payload", {"aps": {"alert": "hello"}}),
        notification_id=push.get("id"),
        time_to_live=push.get("ttl"),
        priority=push.get("priority"),
        collapse_key=push.get("collapse_id"),
        push_type=PushType(push.get("push_type", "alert")),
        apns_topic=push.get("topic"),
    )
    try:
        result = await client.send_notification(request)
    except Exception as error:
        return {"token": push["token"], "status": 0, "error": repr(error)}
    answer = {"token": push["token"], "status": int(result.status)}
    if not result.is_successful:
        answer["reason"] = result.description
        answer["timestamp"] = result.timestamp
    return answer


async def main():
    context = ssl.create_default_context(cafile=os.environ["CA_FILE"])
    context.set_alpn_protocols(["h2"])
    common = {
        "topic": "org.example.app",
        "max_connections": int(os.environ.get("CONNECTIONS", "1")),
        "ssl_context": context,
    }
    if "CERTIFICATE_FILE" in os.environ:
        client = APNs(client_cert=os.environ["CERTIFICATE_FILE"], **common)
    else:
        with open(os.environ["KEY_FILE"], encoding="ascii") as file:
            key = file.read()
        client = APNs(
            key=key, key_id=os.environ["KEY_ID"], team_id=os.environ["TEAM_ID"], **common
        )
    results = []
    for step in json.loads(os.environ["PLAN"]):
        results += await asyncio.gather(*(send(client, push) for push in step))
    print(json.dumps(results))


asyncio.run(main())
