"""smtplib, unmodified, against the simulated mail server: an open one, one with STARTTLS and sign-in, and
one with TLS from the first byte. It prints what each call met."""

import json
import os
import smtplib
import ssl
from email.message import EmailMessage

trust = ssl.create_default_context(cafile=os.environ["AUTHORITY"])
ports = json.loads(os.environ["PORTS"])
answers = {}


def call(name, work):
    try:
        refused = work()
        answers[name] = {
            "refused": {address: [code, text.decode()] for address, (code, text) in (refused or {}).items()}
        }
    except smtplib.SMTPRecipientsRefused as error:
        answers[name] = {
            "error": type(error).__name__,
            "recipients": {a: [code, text.decode()] for a, (code, text) in error.recipients.items()},
        }
    except smtplib.SMTPResponseException as error:
        answers[name] = {
            "error": type(error).__name__,
            "code": error.smtp_code,
            "text": error.smtp_error.decode(),
        }
    except smtplib.SMTPServerDisconnected as error:
        answers[name] = {"error": type(error).__name__}


def message(*recipients):
    mail = EmailMessage()
    mail["From"] = "Shop <shop@example.org>"
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = "Grüße"
    mail.set_content("A line\n.\n..two dots\n")
    return mail


with smtplib.SMTP("localhost", ports["open"], timeout=10) as open_server:
    answers["features"] = (open_server.ehlo(), sorted(open_server.esmtp_features))[1]
    call("one", lambda: open_server.send_message(message("ann@example.net")))
    call("two", lambda: open_server.send_message(message("ann@example.net", "gone@example.net")))
    for name in ["gone", "full", "grey", "spam"]:
        call(name, lambda: open_server.send_message(message(f"{name}@example.net")))
    call("large", lambda: open_server.sendmail("a@example.org", ["b@example.net"], b"x" * 2_000_000))
    call("again", lambda: open_server.send_message(message("bob@example.net")))
    call("lost", lambda: open_server.send_message(message("lost@example.net")))

with smtplib.SMTP("localhost", ports["starttls"], timeout=10) as signed:
    call("early", lambda: signed.send_message(message("ann@example.net")))
    signed.starttls(context=trust)
    call("wrong", lambda: signed.login("ann", "nope") and None)
    call("right", lambda: signed.login("ann", "pass") and None)
    call("signed", lambda: signed.send_message(message("ann@example.net")))

with smtplib.SMTP_SSL("localhost", ports["implicit"], timeout=10, context=trust) as implicit:
    call("implicit", lambda: implicit.send_message(message("ann@example.net")))

print(json.dumps(answers))
