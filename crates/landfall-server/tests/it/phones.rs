//! The mobile SDKs' traffic as mobile-sdk.md describes it, against the real binary: what ends up on
//! whom is read back through the App API.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::harness::{Server, WRITE_KEY, basic};

/// An app on a phone: builds the SDK's events and uploads them as the platform does.
struct Phone<'s> {
    server: &'s Server,
    platform: &'static str,
    anonymous_id: String,
    user_id: Option<&'static str>,
    token: Option<&'static str>,
    sent: u32,
}

impl<'s> Phone<'s> {
    fn new(server: &'s Server, platform: &'static str) -> Self {
        let anonymous_id = format!("{platform}-anon-1");
        Self {
            server,
            platform,
            anonymous_id,
            user_id: None,
            token: None,
            sent: 0,
        }
    }

    /// One event with the envelope of section 3.
    fn event(&mut self, kind: &str, mut more: Value) -> Value {
        self.sent += 1;
        let mut device = json!({"type": self.platform, "id": "vendor-id", "model": "M"});
        if let Some(token) = self.token {
            device["token"] = token.into();
        }
        let event = more.as_object_mut().expect("an object");
        event.insert("type".into(), kind.into());
        let message_id = format!("{}-{}-{}", self.platform, self.anonymous_id, self.sent);
        event.insert("messageId".into(), message_id.into());
        event.insert("anonymousId".into(), self.anonymous_id.clone().into());
        if let Some(user_id) = self.user_id {
            event.insert("userId".into(), user_id.into());
        }
        event.insert(
            "timestamp".into(),
            format!("2026-03-01T10:00:{:02}.000Z", self.sent).into(),
        );
        event.insert(
            "context".into(),
            json!({"device": device, "app": {"version": "5.1"}}),
        );
        event.insert("integrations".into(), json!({}));
        more
    }

    fn device_event(&mut self, name: &str) -> Value {
        let push_enabled = if self.platform == "ios" {
            json!("true")
        } else {
            json!(true)
        };
        let device_os = if self.platform == "ios" {
            json!("17.5")
        } else {
            json!(34)
        };
        let properties = if name == "Device Deleted" {
            json!({})
        } else {
            json!({"device_os": device_os, "device_model": "M", "app_version": "5.1",
                   "cio_sdk_version": "4.7.5", "push_enabled": push_enabled})
        };
        self.event("track", json!({"event": name, "properties": properties}))
    }

    fn identify(&mut self, user_id: &'static str) -> Vec<Value> {
        let mut events = Vec::new();
        if self.user_id.is_some_and(|present| present != user_id) && self.token.is_some() {
            events.push(self.device_event("Device Deleted"));
        }
        self.user_id = Some(user_id);
        events.push(self.event("identify", json!({"traits": {"plan": "pro"}})));
        if self.token.is_some() {
            events.push(self.device_event("Device Created or Updated"));
        }
        events
    }

    fn new_token(&mut self, token: &'static str) -> Vec<Value> {
        let mut events = Vec::new();
        if self.token.is_some() {
            events.push(self.device_event("Device Deleted"));
        }
        self.token = Some(token);
        events.push(self.device_event("Device Created or Updated"));
        events
    }

    fn log_out(&mut self) -> Vec<Value> {
        let events = vec![self.device_event("Device Deleted")];
        self.user_id = None;
        self.anonymous_id = format!("{}-anon-2", self.platform);
        events
    }

    fn opened(&mut self, delivery: &str) -> Value {
        let token = self.token.expect("a token");
        let properties = json!({"deliveryId": delivery, "metric": "opened", "recipient": token});
        self.event(
            "track",
            json!({"event": "Report Delivery Event", "properties": properties}),
        )
    }

    /// Uploads like the platform: iOS plain JSON, Android gzip as text/plain.
    fn upload(&self, events: &[Value]) {
        let body = json!({
            "batch": events, "sentAt": "2026-03-01T10:00:59.000Z", "writeKey": WRITE_KEY,
        });
        let body = body.to_string();
        let answer = if self.platform == "ios" {
            let headers = [("content-type", "application/json; charset=utf-8")];
            self.server.call("POST", "/v1/b", &headers, body.as_bytes())
        } else {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(body.as_bytes()).expect("gzip");
            let body = gzip.finish().expect("gzip");
            let headers = [("content-type", "text/plain"), ("content-encoding", "gzip")];
            self.server.call("POST", "/v1/b", &headers, &body)
        };
        assert_eq!(answer.expect("an answer").status, 200);
    }

    /// The receipt of section 5.1: direct, without user, message id or time.
    fn report_delivered(&self, delivery: &str) {
        let token = self.token.expect("a token");
        let body = json!({
            "anonymousId": delivery, "event": "Report Delivery Event",
            "properties": {"recipient": token, "metric": "delivered", "deliveryId": delivery},
        });
        let auth = format!("Basic {}", basic(WRITE_KEY, ""));
        let headers = [("authorization", auth.as_str())];
        let answer = self
            .server
            .call("POST", "/v1/track", &headers, body.to_string().as_bytes());
        assert_eq!(answer.expect("an answer").status, 200);
    }
}

/// Tokens on a person now, with the `push_enabled` attribute as the App API shows it.
fn devices(server: &Server, person: &str) -> Vec<(String, String)> {
    let answer = server.app(&format!("/v1/customers/{person}/attributes"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let customer = &answer.json()["customer"];
    let devices = customer["devices"].as_array().cloned().unwrap_or_default();
    let shown = |device: &Value| {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        (
            text(&device["id"]),
            text(&device["attributes"]["push_enabled"]),
        )
    };
    devices.iter().map(shown).collect()
}

fn life_of_a_phone(platform: &'static str) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::fresh(data.path());
    let settings = server
        .call(
            "GET",
            &format!("/v1/projects/{WRITE_KEY}/settings"),
            &[],
            b"",
        )
        .expect("answer");
    assert_eq!(settings.status, 200);
    let integration = &settings.json()["integrations"]["Customer.io Data Pipelines"];
    assert_eq!(integration["apiKey"], WRITE_KEY);
    let unknown = server
        .call("GET", "/v1/projects/nobody/settings", &[], b"")
        .expect("answer");
    assert_eq!(unknown.status, 404, "an empty 200 would switch uploads off");

    // First install: the token comes before anybody logs in, then the login claims it.
    let mut phone = Phone::new(&server, platform);
    let mut first = phone.new_token("tok-1");
    first.extend(phone.identify("ann"));
    phone.upload(&first);
    let on = |token: &str| vec![(token.to_owned(), "true".to_owned())];
    assert_eq!(devices(&server, "ann"), on("tok-1"));

    // The same upload again, as after a lost answer, changes nothing.
    phone.upload(&first);
    assert_eq!(devices(&server, "ann"), on("tok-1"));

    // The OS rotates the token.
    let events = phone.new_token("tok-2");
    phone.upload(&events);
    assert_eq!(devices(&server, "ann"), on("tok-2"));

    // Another account logs in on the phone: the token moves with it.
    let events = phone.identify("bea");
    phone.upload(&events);
    assert_eq!(devices(&server, "ann"), []);
    assert_eq!(devices(&server, "bea"), on("tok-2"));

    // Logout: nobody on this phone gets bea's messages.
    let events = phone.log_out();
    phone.upload(&events);
    assert_eq!(devices(&server, "bea"), []);

    // She comes back; a delivery for her exists by webhook or import only later, so that the receipts
    // wait in quarantine, twice and out of order.
    let events = phone.identify("bea");
    phone.upload(&events);
    assert_eq!(devices(&server, "bea"), on("tok-2"));
    let events = [phone.opened("dlv-1")];
    phone.upload(&events);
    phone.report_delivered("dlv-1");
    phone.report_delivered("dlv-1");
    assert_eq!(server.app("/v1/messages/dlv-1").status, 404);
    server.stop();
}

#[test]
fn the_life_of_an_iphone() {
    life_of_a_phone("ios");
}

#[test]
fn the_life_of_an_android_phone() {
    life_of_a_phone("android");
}
