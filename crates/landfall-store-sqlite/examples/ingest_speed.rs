//! How many inputs a second one store takes, durably: `ingest_speed [people] [inputs] [seconds]`.
//!
//! Each input loads one person by identifier, appends one activity and rewrites the person; a
//! change set carries `inputs` of them and is committed before the next one begins.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use landfall_domain::activity::{Activity, EventKind, PersonInput};
use landfall_domain::channel::Platform;
use landfall_domain::device::{Device, LastStatus, TokenKey};
use landfall_domain::identifier::{Holder, Identifier, IdentifierKind};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::input::Source;
use landfall_domain::person::{Attribute, Consent, Person, Standing};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, NextKeys, Want};
use landfall_store::StateStore as _;
use landfall_store_sqlite::{Options, SqliteStore};
use serde_json::json;

const T0: i64 = 1_790_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |place: usize, otherwise: u64| -> Result<u64, std::num::ParseIntError> {
        let given = std::env::args().nth(place);
        given.map_or(Ok(otherwise), |text| text.parse())
    };
    let people = u32::try_from(argument(1, 100_000)?)?;
    let inputs = usize::try_from(argument(2, 500)?)?;
    let limit = Duration::from_secs(argument(3, 10)?);
    let folder = tempfile::tempdir_in(".")?;
    let path = folder.path().join("store.sqlite");
    let store = SqliteStore::open(&path, Options { salt: 1 })?;
    let mut run = Run {
        store: &store,
        epoch: 0,
        random: 0x9E37_79B9_7F4A_7C15,
        spent: [Duration::ZERO; 3],
    };
    run.fill(people)?;
    run.spent = [Duration::ZERO; 3];
    let (began, mut taken, mut commits) = (Instant::now(), 0, 0);
    let mut slowest = Duration::ZERO;
    while began.elapsed() < limit {
        let before = Instant::now();
        run.batch(people, inputs, began.elapsed())?;
        slowest = slowest.max(before.elapsed());
        taken += inputs;
        commits += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / taken as f64;
    println!(
        "{people} people, {inputs} inputs a commit: {:.0} inputs/s, {:.0} commits/s; \
         load {:.2}, decide {:.2}, commit {:.2} us an input; slowest batch {slowest:.1?}; \
         file {} MB",
        taken as f64 / seconds,
        f64::from(commits) / seconds,
        each(run.spent[0]),
        each(run.spent[1]),
        each(run.spent[2]),
        std::fs::metadata(&path)?.len() / 1_000_000
    );
    Ok(())
}

struct Run<'a> {
    store: &'a SqliteStore,
    epoch: u64,
    random: u64,
    /// Loading, building the change set, committing.
    spent: [Duration; 3],
}

impl Run<'_> {
    fn fill(&mut self, people: u32) -> Result<(), Box<dyn Error>> {
        for first in (0..people).step_by(10_000) {
            let keys = || first..people.min(first + 10_000);
            let changes = ChangeSet {
                people: keys().map(person).collect(),
                identifiers: keys()
                    .map(|key| (identifier(key), Some(Holder::Person(PersonKey(key)))))
                    .collect(),
                ..ChangeSet::default()
            };
            self.epoch = self.store.commit(&changes, self.epoch)?;
        }
        Ok(())
    }

    fn batch(&mut self, people: u32, inputs: usize, now: Duration) -> Result<(), Box<dyn Error>> {
        let began = Instant::now();
        let want = Want {
            identifiers: (0..inputs)
                .map(|_| identifier(self.roll() as u32 % people))
                .collect(),
            seen: (0..inputs).map(|_| self.hash()).collect(),
            ..Want::default()
        };
        let prepared = began.elapsed();
        let found = self.store.load(&want)?;
        let loaded = began.elapsed();
        let at = Timestamp::from_millis(T0 + i64::try_from(now.as_millis())?);
        let mut changes = ChangeSet {
            activities: (0..inputs)
                .map(|n| event(found.people[n % found.people.len()].key, at))
                .collect(),
            people: found.people,
            seen: want.seen.into_iter().collect(),
            next: NextKeys {
                person: people,
                ..NextKeys::default()
            },
            ..ChangeSet::default()
        };
        for person in &mut changes.people {
            person.active_at = at;
        }
        let decided = began.elapsed();
        self.epoch = self.store.commit(&changes, self.epoch)?;
        self.spent[0] += loaded.saturating_sub(prepared);
        self.spent[1] += decided.saturating_sub(loaded) + prepared;
        self.spent[2] += began.elapsed().saturating_sub(decided);
        Ok(())
    }

    /// splitmix64: the same run every time.
    fn roll(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn hash(&mut self) -> [u8; 16] {
        let (high, low) = (u128::from(self.roll()), u128::from(self.roll()));
        (high << 64 | low).to_be_bytes()
    }
}

fn identifier(key: u32) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("customer-{key}")).expect("not blank")
}

fn event(person: PersonKey, at: Timestamp) -> Activity {
    Activity {
        person: Some(person),
        occurred_at: at.plus_millis(-300),
        received_at: at,
        source: Source::Sdk,
        input: PersonInput::Tracked {
            event: EventKind::Event,
            name: "product_viewed".to_owned(),
            id: Some("01JD8Z6Y7V9Q1N2K3M4P5R6S7T".to_owned()),
            data: json!({"sku": "A-1042", "price": 19.9, "currency": "EUR", "list": "search"}),
            anonymous_id: None,
        },
    }
}

fn person(key: u32) -> Person {
    let set_at = Timestamp::from_millis(T0);
    let attributes = [
        ("first_name", json!("Ana")),
        ("last_name", json!("Costa")),
        ("city", json!("Lisbon")),
        ("country", json!("PT")),
        ("language", json!("pt")),
        ("plan", json!("gold")),
        ("orders", json!(key % 40)),
        ("revenue", json!(f64::from(key) / 7.0)),
    ];
    let device = Device {
        key: DeviceKey(key),
        token: TokenKey {
            app: "example.shop".to_owned(),
            platform: Platform::Android,
            token: format!("{key:0>140}"),
        },
        attributes: [
            ("app_version", "4.2.0"),
            ("device_os", "14"),
            ("device_model", "Pixel 7"),
            ("push_enabled", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        last_used: set_at,
        registered_at: set_at,
        refreshed_at: set_at,
        last_status: LastStatus::Sent,
    };
    Person {
        key: PersonKey(key),
        cio_id: format!("a0b1{key:08x}"),
        standing: Standing::Known,
        id: Some(format!("customer-{key}")),
        email: Some(format!("customer{key}@shop.example")),
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: set_at,
        active_at: set_at,
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), Attribute { value, set_at }))
            .into(),
        consent: Consent::default(),
        devices: [(DeviceKey(key), device)].into(),
        segments: [1].into(),
        absorbed: Vec::new(),
    }
}
