"""firebase-admin as fast as it goes: AT_ONCE messages in each call of send_each_async."""

import asyncio
import json
import os
import time
import warnings

import firebase_admin
from firebase_admin import credentials, messaging

warnings.simplefilter("ignore")
messaging._MessagingService.FCM_URL = os.environ["BASE_URL"] + "/v1/projects/{0}/messages:send"
PUSHES, AT_ONCE = int(os.environ["PUSHES"]), int(os.environ["AT_ONCE"])


def message(number):
    return messaging.Message(
        data={"link": "shop://basket", "CIO-Delivery-ID": f"b1-19ad5c2f3e8-{number:x}"},
        token=f"{number:064x}",
        notification=messaging.Notification(
            title="Half price until midnight",
            body="Everything in your basket costs half until twelve.",
        ),
        android=messaging.AndroidConfig(priority="high", ttl=3600),
    )


async def main():
    taken = 0
    for first in range(0, PUSHES, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, PUSHES))
        answers = await messaging.send_each_async([message(number) for number in numbers])
        taken += answers.success_count
    return taken


firebase_admin.initialize_app(credentials.Certificate(os.environ["ACCOUNT_FILE"]))
begin = time.perf_counter()
taken = asyncio.run(main())
print(json.dumps({"taken": taken, "seconds": time.perf_counter() - begin}))
