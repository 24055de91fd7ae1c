//! What may be shown of a credential: enough to tell it from others, nothing that opens anything.

use std::collections::BTreeMap;

use landfall_send::Credential;
use landfall_send::credential::{
    ApnsCredential, FcmCredential, GatewayCredential, SmtpCredential, SmtpSecurity,
    TwilioCredential, VapidCredential,
};
use serde_json::Value;

use super::vapid;

/// Characters of a secret that are shown, from its end.
const TAIL: usize = 4;
/// Secrets of which that is shown: in a shorter one it would be too much.
const LONG: usize = 16;

/// Names and values.
#[derive(Default)]
struct Shown(BTreeMap<String, String>);

/// What may be shown of a credential, by name.
pub(super) fn of(credential: &Credential) -> BTreeMap<String, String> {
    let mut shown = Shown::default();
    match credential {
        Credential::Apns(apns) => shown.apns(apns),
        Credential::Fcm(fcm) => shown.fcm(fcm),
        Credential::WebPush(vapid) => shown.web_push(vapid),
        Credential::Twilio(twilio) => shown.twilio(twilio),
        Credential::HttpSms(gateway) => shown.gateway(gateway),
        Credential::Smtp(relay) => shown.smtp(relay),
        Credential::Slack(slack) => {
            shown.host("host", &slack.url);
            shown.tail("url_ends_with", &slack.url);
        }
        Credential::Webhook(webhook) => match &webhook.signing_key {
            Some(key) => {
                shown.put("signed", "yes");
                shown.tail("signing_key_ends_with", key);
            }
            None => shown.put("signed", "no"),
        },
    }
    shown.0
}

impl Shown {
    fn put(&mut self, name: &str, value: &str) {
        if !value.trim().is_empty() {
            self.0.insert(name.to_owned(), value.trim().to_owned());
        }
    }

    fn maybe(&mut self, name: &str, value: Option<&String>) {
        self.put(name, value.map_or("", String::as_str));
    }

    fn tail(&mut self, name: &str, secret: &str) {
        let chars: Vec<char> = secret.trim().chars().collect();
        if chars.len() >= LONG {
            self.put(name, &String::from_iter(&chars[chars.len() - TAIL..]));
        }
    }

    /// The host of an address: what comes before and after it may be secret.
    fn host(&mut self, name: &str, url: &str) {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        self.put(name, host);
    }

    fn apns(&mut self, apns: &ApnsCredential) {
        self.maybe("key_id", apns.key_id.as_ref());
        self.maybe("team_id", apns.team_id.as_ref());
        if apns.certificate_pem.is_some() {
            self.put("proves_itself_by", "certificate");
        }
        self.put("topic", &apns.topic);
        let environment = if apns.sandbox {
            "sandbox"
        } else {
            "production"
        };
        self.put("environment", environment);
        self.host("host", apns.base_url.as_deref().unwrap_or_default());
    }

    fn fcm(&mut self, fcm: &FcmCredential) {
        let file: Value = serde_json::from_str(&fcm.service_account).unwrap_or_default();
        for (name, field) in [
            ("project_id", "project_id"),
            ("account", "client_email"),
            ("key_id", "private_key_id"),
        ] {
            self.put(name, file[field].as_str().unwrap_or_default());
        }
        self.maybe("project_id", fcm.project_id.as_ref());
        self.host("host", fcm.base_url.as_deref().unwrap_or_default());
    }

    fn web_push(&mut self, vapid: &VapidCredential) {
        let public = vapid::public_key(&vapid.private_key);
        self.put("public_key", public.as_deref().unwrap_or_default());
        self.put("subject", &vapid.subject);
        self.put("hosts", &vapid.hosts.join(", "));
    }

    fn twilio(&mut self, twilio: &TwilioCredential) {
        self.put("account_sid", &twilio.account_sid);
        self.maybe("key_sid", twilio.key_sid.as_ref());
        self.tail("secret_ends_with", &twilio.secret);
        self.put("from", &twilio.from);
        self.host("host", twilio.base_url.as_deref().unwrap_or_default());
    }

    fn gateway(&mut self, gateway: &GatewayCredential) {
        self.host("host", &gateway.url);
        self.put("from", &gateway.from);
    }

    fn smtp(&mut self, relay: &SmtpCredential) {
        self.put("host", &relay.host);
        if relay.port > 0 {
            self.put("port", &relay.port.to_string());
        }
        let security = match relay.security {
            SmtpSecurity::Starttls => "starttls",
            SmtpSecurity::Tls => "tls",
            SmtpSecurity::Plain => "plain",
        };
        self.put("security", security);
        self.maybe("username", relay.username.as_ref());
        self.put("from", &relay.from);
        if relay.events_key.is_some() {
            self.put("events_signed", "yes");
        }
    }
}
