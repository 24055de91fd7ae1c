"""aioapns as fast as it goes: AT_ONCE pushes at the same time over one connection."""

import asyncio
import json
import logging
import os
import ssl
import time

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol, APNsTLSClientProtocol

logging.disable(logging.CRITICAL)
APNsProductionClientProtocol.APNS_SERVER = "localhost"
APNsTLSClientProtocol.APNS_PORT = int(os.environ["PORT"])
PUSHES, AT_ONCE = int(os.environ["PUSHES"]), int(os.environ["AT_ONCE"])
PAYLOAD = json.loads(os.environ["PAYLOAD"])


async def send(client, numbers):
    taken = 0
    for number in numbers:
        request = NotificationRequest(
            device_token=f"{number:064x}",
            message=PAYLOAD,
            time_to_live=3600,
            priority=10,
            collapse_key=f"b1-19ad5c2f3e8-{number:x}",
            push_type=PushType.ALERT,
        )
        result = await client.send_notification(request)
        taken += result.is_successful
    return taken


async def main():
    context = ssl.create_default_context(cafile=os.environ["CA_FILE"])
    context.set_alpn_protocols(["h2"])
    with open(os.environ["KEY_FILE"], encoding="ascii") as file:
        key = file.read()
    client = APNs(
        key=key,
        key_id=os.environ["KEY_ID"],
        team_id=os.environ["TEAM_ID"],
        topic=os.environ["TOPIC"],
        max_connections=1,
        ssl_context=context,
    )
    numbers = iter(range(PUSHES))
    begin = time.perf_counter()
    taken = await asyncio.gather(*(send(client, numbers) for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - begin
    print(json.dumps({"taken": sum(taken), "seconds": seconds}))


asyncio.run(main())
