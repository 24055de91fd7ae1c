use landfall_domain::time::ManualClock;
use landfall_sim::phones::Registration;

use super::*;

fn happening(what: What) -> Happening {
    Happening {
        at: Timestamp::from_seconds(1_795_440_600),
        stated_at: Some(Timestamp::from_seconds(1_795_440_000)),
        sent_at: None,
        phone: 0,
        platform: Platform::Android,
        token: "tok:1".into(),
        what,
    }
}

#[test]
fn apps_call_as_the_sdks_do() {
    let registered = call(&happening(What::Registered(Registration {
        person: 3,
        app_version: "5.0.0".to_owned(),
        sdk_version: "4.1.0".to_owned(),
        os: "35",
        model: "Pixel 8",
        permission: true,
    })));
    let path = "/api/v1/customers/person-3/devices";
    assert_eq!((registered.method, &*registered.path), ("PUT", path));
    let device = &registered.body["device"];
    assert_eq!(
        (&device["id"], &device["platform"]),
        (&json!("tok:1"), &json!("android"))
    );
    assert_eq!(device["attributes"]["push_enabled"], "true");
    let deleted = call(&happening(What::Deleted { person: 3 }));
    assert_eq!(
        (deleted.method, deleted.path),
        ("DELETE", format!("{path}/tok:1"))
    );
    for (what, event) in [
        (
            What::Delivered {
                delivery_id: "d1".into(),
            },
            "delivered",
        ),
        (
            What::Opened {
                delivery_id: "d1".into(),
            },
            "opened",
        ),
    ] {
        let receipt = call(&happening(what));
        assert_eq!((receipt.method, &*receipt.path), ("POST", "/push/events"));
        let body = json!({ "delivery_id": "d1", "event": event, "device_id": "tok:1",
            "timestamp": 1_795_440_000 });
        assert_eq!(receipt.body, body);
    }
}

#[test]
fn phones_need_a_landfall_to_call() {
    let args = PhoneArgs {
        phones: Some(2),
        landfall: Some("http://127.0.0.1:7171/".to_owned()),
        site_id: Some("site".to_owned()),
        track_key: None,
        seed: 7,
    };
    assert!(args.server().is_err());
    let args = PhoneArgs {
        track_key: Some("key".to_owned()),
        ..args
    };
    let server = args.server().expect("all is there");
    assert_eq!(server.url, "http://127.0.0.1:7171");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::EPOCH));
    assert!(args.phones(&clock).is_some());
    let none = PhoneArgs {
        phones: None,
        ..args
    };
    assert!(none.phones(&clock).is_none());
}
