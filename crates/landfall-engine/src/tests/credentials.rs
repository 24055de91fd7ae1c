//! Credentials: what lies on the disk, what is shown, and what stays when others change.

use std::path::PathBuf;
use std::sync::Arc;

use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::time::ManualClock;
use serde_json::{Value, json};

use super::shop::{NOW, Shop, seconds};
use crate::credentials::at_work::CheckError;
use crate::credentials::{
    CredentialError, CredentialKind, Network, NewCredential, Sending, Standing, check_name, vapid,
    verdict,
};
use crate::directory::{DirectoryError, DirectoryFile, WorkspaceRecord};
use crate::dispatch::Limits;
use crate::dispatch::queue::Way;
use crate::random::Seeded;
use crate::seal::{MASTER_KEY_BYTES, MasterKey};
use crate::{Directory, Dispatcher, Opened, Options, Workspace};

const HOOK: &str = "https://hooks.slack.example/services/T000/B000/secretpartofit";
const PASSWORD: &str = "a long password of a relay";

/// One open workspace with a directory.
pub(super) struct House {
    pub(super) shop: Shop,
    opened: Opened,
    pub(super) clock: Arc<ManualClock>,
    pub(super) directory: Directory,
}

impl House {
    pub(super) fn new() -> Self {
        let shop = Shop::new();
        let clock = Arc::new(ManualClock::at(seconds(NOW)));
        let options = Options {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            clock: clock.clone(),
            snapshot: None,
            salt: [7; 16],
            fixed_share: None,
        };
        let opened = crate::open(Arc::clone(&shop.store), options).unwrap();
        let file = DirectoryFile {
            workspaces: vec![WorkspaceRecord {
                id: "ws_1".to_owned(),
                name: "shop".to_owned(),
                number: 1,
                created_ms: 0,
                keys: Vec::new(),
                sources: Default::default(),
                credentials: Default::default(),
            }],
        };
        let path = shop.folder.path().join("landfall.json");
        file.write(&path).unwrap();
        let open = vec![opened.workspace.clone()];
        let directory = Directory::new(path, file, open, master(7)).unwrap();
        Self {
            shop,
            opened,
            clock,
            directory,
        }
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    fn path(&self) -> PathBuf {
        self.shop.folder.path().join("landfall.json")
    }

    pub(super) fn set(&self, name: &str, credential: Value) {
        let new = NewCredential::read(credential).unwrap();
        let now = seconds(NOW);
        self.directory
            .set_credential(self.workspace(), name, &new, now)
            .unwrap();
    }

    pub(super) fn sending(&self) -> Sending {
        Sending::new(self.directory.clone(), Network::default(), true)
    }

    /// Stopping waits, which a thread of the runtime must not.
    pub(super) fn stop(self) {
        let opened = self.opened;
        std::thread::spawn(|| opened.stop()).join().unwrap();
    }
}

fn master(byte: u8) -> MasterKey {
    MasterKey::new(&[byte; MASTER_KEY_BYTES]).unwrap()
}

pub(super) fn slack() -> Value {
    json!({"provider": "slack", "url": HOOK})
}

fn web_push() -> Value {
    let pair = vapid::generate().unwrap();
    json!({"provider": "web_push", "private_key": pair.private_key,
           "subject": "mailto:ops@shop.example"})
}

fn relay() -> Value {
    json!({"provider": "smtp", "host": "relay.shop.example", "username": "shop",
           "password": PASSWORD, "from": "shop@shop.example"})
}

fn refused(value: Value) -> CredentialError {
    NewCredential::read(value).unwrap_err()
}

#[test]
fn the_file_holds_no_secret_and_what_it_shows_tells_credentials_apart() {
    let house = House::new();
    house.set("chat", slack());
    house.set("relay", relay());
    let text = std::fs::read_to_string(house.path()).unwrap();
    for secret in ["secretpart", "B000", PASSWORD] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let records = house.directory.credentials(house.workspace());
    let chat = &records["chat"];
    assert_eq!(chat.kind, CredentialKind::Slack);
    assert_eq!(chat.shown["host"], "hooks.slack.example");
    assert_eq!(chat.shown["url_ends_with"], "ofit");
    assert_eq!(chat.created_ms, NOW * 1_000);
    assert_eq!(records["relay"].shown["username"], "shop");
    assert!(!format!("{records:?}").contains(PASSWORD));
    let new = NewCredential::read(relay()).unwrap();
    assert!(!format!("{new:?}").contains(PASSWORD), "{new:?}");
    // A server that starts again reads the same.
    let file = DirectoryFile::read(&house.path()).unwrap();
    assert_eq!(file.workspaces[0].credentials, records);
    house.stop();
}

#[test]
fn a_sealed_credential_opens_in_its_place_only() {
    let house = House::new();
    house.set("relay", relay());
    let workspace = house.workspace();
    let record = house.directory.credentials(workspace)["relay"].clone();
    let open = |name| house.directory.open_credential(workspace, name, &record);
    let opened = open("relay").unwrap();
    assert_eq!(opened, NewCredential::read(relay()).unwrap().credential);
    assert!(matches!(open("other"), Err(DirectoryError::Seal(_))));
    assert!(record.open(&master(7), "ws_2", "relay").is_err());
    assert!(record.open(&master(8), "ws_1", "relay").is_err());
    house.stop();
}

#[test]
fn a_file_of_before_there_were_credentials_is_read() {
    let old = json!({"workspaces": [{"id": "ws_1", "name": "shop", "number": 1,
                     "created_ms": 0, "keys": []}]});
    let file: DirectoryFile = serde_json::from_value(old).unwrap();
    assert!(file.workspaces[0].credentials.is_empty());
    let written = serde_json::to_value(&file).unwrap();
    assert!(written["workspaces"][0].get("credentials").is_none());
}

#[test]
fn a_credential_is_replaced_and_removed() {
    let house = House::new();
    house.set("chat", slack());
    house.set("chat", relay());
    let workspace = house.workspace();
    let records = house.directory.credentials(workspace);
    assert_eq!(records.len(), 1);
    assert_eq!(records["chat"].kind, CredentialKind::Smtp);
    house
        .directory
        .remove_credential(workspace, "chat")
        .unwrap();
    assert!(house.directory.credentials(workspace).is_empty());
    let again = house.directory.remove_credential(workspace, "chat");
    assert_eq!(again.unwrap_err().to_string(), "there is no `chat`");
    house.stop();
}

#[test]
fn a_wrong_field_is_named_and_no_value_is_repeated() {
    let secret = "topsecretvalue";
    for (value, field) in [
        (json!(secret), "provider"),
        (json!({"provider": secret}), "provider"),
        (json!({"key_p8": secret}), "provider"),
        (
            json!({"provider": "apns", "key_p8": {"k": secret}}),
            "key_p8",
        ),
        (json!({"provider": "apns", "sandbox": secret}), "sandbox"),
        (json!({"provider": "apns", "token": secret}), "provider"),
        (json!({"provider": "smtp", "port": secret}), "port"),
        (json!({"provider": "smtp", "port": 70_000}), "port"),
        (json!({"provider": "smtp", "security": secret}), "security"),
        (
            json!({"provider": "web_push", "hosts": [secret, 7]}),
            "hosts",
        ),
        (json!({"provider": "slack", "app": 7}), "app"),
        (json!({"provider": "slack", "per_second": 0}), "per_second"),
        (
            json!({"provider": "slack", "TOPSECRETVALUE": 1}),
            "provider",
        ),
    ] {
        let error = refused(value.clone());
        assert_eq!(error.field, field, "{value}");
        let said = error.to_string().to_lowercase();
        assert!(!said.contains(secret), "{said}");
    }
    let said = refused(json!({"provider": "apns", "token": "x"})).problem;
    assert!(
        said.contains("`token`") && said.contains("key_p8"),
        "{said}"
    );
}

#[test]
fn what_stands_beside_the_fields_says_what_it_is_for() {
    let mut value = slack();
    value["app"] = "com.shop.app".into();
    value["per_second"] = 20.into();
    value["ca_pem"] = Value::Null;
    let new = NewCredential::read(value).unwrap();
    assert_eq!(new.terms.app.as_deref(), Some("com.shop.app"));
    assert_eq!(new.terms.per_second, Some(20));
    let file = json!({"project_id": "shop-1", "client_email": "a@shop.example",
                      "private_key_id": "k1", "private_key": "---secret---"});
    let fcm = json!({"provider": "fcm", "service_account": file});
    let new = NewCredential::read(fcm).unwrap();
    let record = new
        .seal(&master(7), "ws_1", "google", seconds(NOW))
        .unwrap();
    assert_eq!(record.shown["project_id"], "shop-1");
    assert!(
        !serde_json::to_string(&record)
            .unwrap()
            .contains("---secret")
    );
}

#[test]
fn names_can_stand_in_addresses() {
    for good in ["apple", "shop-ios_2.prod"] {
        assert!(check_name(good).is_ok(), "{good}");
    }
    for bad in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
        assert_eq!(check_name(bad).unwrap_err().field, "name", "{bad}");
    }
}

#[test]
fn a_generated_pair_belongs_together() {
    let pair = vapid::generate().unwrap();
    assert_eq!(
        vapid::public_key(&pair.private_key),
        Some(pair.public_key.clone())
    );
    assert_ne!(vapid::generate().unwrap().private_key, pair.private_key);
    assert_eq!(vapid::public_key("no key"), None);
}

#[tokio::test]
async fn only_credentials_that_changed_are_exchanged() {
    let house = House::new();
    house.set("chat", slack());
    house.set("web", web_push());
    let sending = house.sending();
    let carriers = sending.carriers(house.workspace());
    assert!(carriers.all().is_empty(), "not before it is told");
    assert_eq!(sending.refresh(), 2);
    let [chat, web] = ["chat", "web"].map(|name| carriers.named(name).unwrap());
    assert_eq!(sending.refresh(), 0);

    // The command line changes the file beside the server.
    let mut file = DirectoryFile::read(&house.path()).unwrap();
    let credentials = &mut file.workspaces[0].credentials;
    credentials.get_mut("chat").unwrap().per_second = Some(5);
    file.write(&house.path()).unwrap();
    assert!(house.directory.reread().unwrap());
    assert_eq!(sending.refresh(), 1);
    let slower = carriers.named("chat").unwrap();
    assert!(!Arc::ptr_eq(&slower, &chat), "its rate is another");
    assert!(
        Arc::ptr_eq(&slower.sender, &chat.sender),
        "its connections stay"
    );
    assert!(
        Arc::ptr_eq(&carriers.named("web").unwrap(), &web),
        "untouched"
    );
    assert_eq!(slower.room(100, seconds(NOW)), 5);

    house.set("chat", slack());
    house
        .directory
        .remove_credential(house.workspace(), "web")
        .unwrap();
    assert_eq!(sending.refresh(), 2);
    let fresh = carriers.named("chat").unwrap();
    assert!(!Arc::ptr_eq(&fresh.sender, &chat.sender), "connected again");
    assert!(carriers.named("web").is_none());
    house.stop();
}

#[tokio::test]
async fn a_dispatcher_that_is_told_to_stop_ends() {
    let house = House::new();
    let workspace = house.workspace();
    let dispatcher = Dispatcher::new(
        workspace.clone(),
        house.sending().carriers(workspace),
        Arc::new(Seeded::new(1)),
        Limits::default(),
    );
    let running = tokio::spawn(dispatcher.clone().run());
    // It waits for work by now.
    tokio::task::yield_now().await;
    assert!(!running.is_finished());
    dispatcher.stop();
    running.await.unwrap();
    dispatcher.idle().await;
    house.stop();
}

#[tokio::test]
async fn credentials_follow_the_directory() {
    let house = House::new();
    house.set("chat", slack());
    let sending = house.sending();
    let mut changes = sending.changes();
    tokio::spawn(sending.clone().follow());
    changes.changed().await.unwrap();
    let carriers = sending.carriers(house.workspace());
    assert_eq!(carriers.all().len(), 1, "what was there before it began");
    house.set("web", web_push());
    changes.changed().await.unwrap();
    assert_eq!(carriers.all().len(), 2);
    house.stop();
}

#[tokio::test]
async fn a_credential_that_cannot_be_used_is_reported_and_the_others_go_on() {
    let house = House::new();
    house.set(
        "broken",
        json!({"provider": "web_push", "private_key": "?"}),
    );
    house.set("web", web_push());
    let mut file = DirectoryFile::read(&house.path()).unwrap();
    let credentials = &mut file.workspaces[0].credentials;
    let moved = credentials["web"].clone();
    credentials.insert("moved".to_owned(), moved);
    file.write(&house.path()).unwrap();
    house.directory.reread().unwrap();
    let sending = house.sending();
    sending.refresh();
    let unusable = sending.unusable(house.workspace());
    let names: Vec<&str> = unusable.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["broken", "moved"]);
    assert!(unusable[0].problem.contains("private_key"), "{unusable:?}");
    assert!(unusable[1].problem.contains("master key"), "{unusable:?}");
    let way = Way {
        channel: Channel::Push,
        platform: Some(Platform::Web),
        app: String::new(),
    };
    let carrier = sending.carriers(house.workspace()).over(&way).unwrap();
    assert_eq!(
        (carrier.name.as_str(), carrier.provider()),
        ("web", Provider::WebPush)
    );
    let asked = |name| sending.check(house.workspace(), name);
    assert!(matches!(
        asked("broken").await,
        Err(CheckError::Unusable(_))
    ));
    assert!(matches!(asked("nobody").await, Err(CheckError::Missing(_))));
    let said = verdict(&asked("web").await.unwrap());
    assert_eq!(said.standing, Standing::NotAsked);
    assert!(carrier.health().checked.is_some(), "it is remembered");
    house.stop();
}
