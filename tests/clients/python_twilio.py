"""Twilio's own library, unmodified, against the simulated API. With `messages` it sends, lists and cancels;
with `validate` it checks the signatures of callbacks that come as JSON in CALLBACKS."""

import json
import os
import sys

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client


def messages():
    client = Client(os.environ["ACCOUNT"], os.environ["TOKEN"])
    client.api.base_url = os.environ["BASE_URL"]
    answers = {}

    def call(name, work):
        try:
            message = work()
            answers[name] = {
                "sid": message.sid,
                "status": str(message.status),
                "segments": message.num_segments,
                "created": message.date_created.isoformat(),
            }
        except TwilioRestException as error:
            answers[name] = {"code": error.code, "status": error.status}

    sender = "+15005550006"
    hook = os.environ["HOOK"]
    call("long", lambda: client.messages.create(
        to="+4915112345678", from_=sender, body="x" * 161, status_callback=hook))
    call("umlauts", lambda: client.messages.create(
        to="+4915112345678", from_=sender, body="Grüße & mehr + 100 %", status_callback=hook))
    call("service", lambda: client.messages.create(
        to="+4915112345679", messaging_service_sid=os.environ["SERVICE"], body="Hi", status_callback=hook))
    call("scheduled", lambda: client.messages.create(
        to="+4915112345679", messaging_service_sid=os.environ["SERVICE"], body="Later",
        schedule_type="fixed", send_at=os.environ["SEND_AT"]))
    call("canceled", lambda: client.messages(answers["scheduled"]["sid"]).update(status="canceled"))
    call("again", lambda: client.messages(answers["scheduled"]["sid"]).update(status="canceled"))
    call("fetched", lambda: client.messages(answers["long"]["sid"]).fetch())
    call("invalid", lambda: client.messages.create(to="0151", from_=sender, body="Hi"))
    call("stopped", lambda: client.messages.create(to="+4915100000000", from_=sender, body="Hi"))
    call("scripted", lambda: client.messages.create(to="+4915199999999", from_=sender, body="Hi"))
    stranger = Client(os.environ["ACCOUNT"], "wrong")
    stranger.api.base_url = os.environ["BASE_URL"]
    call("stranger", lambda: stranger.messages.create(to="+4915112345678", from_=sender, body="Hi"))
    listed = client.messages.list(to="+4915112345678", page_size=1)
    answers["listed"] = [message.body for message in listed]
    return answers


def validate():
    validator = RequestValidator(os.environ["TOKEN"])
    return [
        validator.validate(callback["url"], callback["fields"], callback["signature"])
        for callback in json.loads(os.environ["CALLBACKS"])
    ]


print(json.dumps({"messages": messages, "validate": validate}[sys.argv[1]]()))
