"""Drives firebase-admin for Python, unmodified, against a simulated FCM; prints how it read each answer.

PLAN is a list of messages; MODE is `sync` (HTTP/1.1, one after another) or `async` (HTTP/2, all at once).
"""

import asyncio
import json
import os
import warnings

import firebase_admin
from firebase_admin import credentials, messaging

warnings.simplefilter("ignore")
messaging._MessagingService.FCM_URL = os.environ["BASE_URL"] + "/v1/projects/{0}/messages:send"


def message(push):
    return messaging.Message(
        data=push.get("data"),
        token=push.get("token"),
        fid=push.get("fid"),
        topic=push.get("topic"),
        condition=push.get("condition"),
        notification=messaging.Notification(title="hello", body="grüße"),
        android=messaging.AndroidConfig(
            collapse_key="c1",
            priority="high",
            ttl=3600,
            notification=messaging.AndroidNotification(
                channel_id="news", click_action="open", notification_count=3
            ),
        ),
        apns=messaging.APNSConfig(
            headers={"apns-priority": "5"},
            payload=messaging.APNSPayload(aps=messaging.Aps(badge=2, mutable_content=True)),
            fcm_options=messaging.APNSFCMOptions(image="https://example.org/i.png"),
        ),
        webpush=messaging.WebpushConfig(
            headers={"TTL": "60"},
            fcm_options=messaging.WebpushFCMOptions(link="https://example.org/"),
        ),
        fcm_options=messaging.FCMOptions(analytics_label="journey-1.step_2"),
    )


def refusal(error):
    response = getattr(error, "http_response", None)
    return {
        "error": type(error).__name__,
        "code": getattr(error, "code", None),
        "status": response.status_code if response is not None else None,
        "text": str(error),
    }


def one_by_one(plan):
    results = []
    for push in plan:
        try:
            results.append({"name": messaging.send(message(push), push.get("dry_run", False))})
        except Exception as error:
            results.append(refusal(error))
    return results


async def at_once(plan):
    answers = await messaging.send_each_async([message(push) for push in plan])
    return [
        {"name": answer.message_id} if answer.success else refusal(answer.exception)
        for answer in answers.responses
    ]


firebase_admin.initialize_app(credentials.Certificate(os.environ["KEY_FILE"]))
plan = json.loads(os.environ["PLAN"])
results = one_by_one(plan) if os.environ["MODE"] == "sync" else asyncio.run(at_once(plan))
print(json.dumps(results))
