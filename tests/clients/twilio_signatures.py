"""Signs requests as Twilio does, with Twilio's own package; prints them with their signatures as JSON."""

import hashlib
import json

from twilio.request_validator import RequestValidator

TOKEN = "12345"
validator = RequestValidator(TOKEN)
REPORT = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+15550001111"}
ADDRESSES = [
    "https://push.example.test/hooks/twilio?x=1",
    "https://push.example.test:443/hooks/twilio",
    "https://push.example.test:8443/hooks/twilio",
    "http://push.example.test/hooks/twilio?a=%2B&b=%20",
]
FORMS = [
    REPORT,
    {**REPORT, "Body": "Grüße 🙂 & mehr = gut", "ErrorCode": ""},
]
cases = []
for address in ADDRESSES:
    for form in FORMS:
        cases.append({
            "token": TOKEN,
            "url": address,
            "fields": list(form.items()),
            "signature": validator.compute_signature(address, form),
        })
# The port is written out by one side and left out by the other.
cases.append({
    "token": TOKEN,
    "url": "https://push.example.test/hooks/twilio",
    "fields": list(REPORT.items()),
    "signature": validator.compute_signature("https://push.example.test:443/hooks/twilio", REPORT),
})
body = '{"status": "delivered"}'
address = f"https://push.example.test/hooks?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
signature = validator.compute_signature(address, {})
assert validator.validate(address, body, signature)
cases.append({"token": TOKEN, "url": address, "body": body, "signature": signature})
print(json.dumps(cases))
