//! A workspace in a folder, without the doors before it: inputs go to the engine, rows to its SQLite store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use anyhow::{Context as _, Result};
use landfall_domain::activity::EventKind;
use landfall_domain::attributes::Attributes;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, Input, Source};
use landfall_domain::time::{Clock, Timestamp, WallClock};
use landfall_engine::{Opened, Options, Workspace};
use landfall_store_sqlite::SqliteStore;
use serde_json::Value;

/// A clock that stands still or goes on from where it stood, as fast as the machine's.
#[derive(Debug)]
pub struct ShopClock {
    /// Where it stands; while it goes, what it is ahead of the machine's.
    at: AtomicI64,
    goes: AtomicBool,
}

impl ShopClock {
    /// Stands still at a moment.
    pub fn at(at: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            at: AtomicI64::new(at.millis()),
            goes: AtomicBool::new(false),
        })
    }

    /// Stands still at another moment.
    pub fn stand_at(&self, at: Timestamp) {
        self.goes.store(false, Ordering::SeqCst);
        self.at.store(at.millis(), Ordering::SeqCst);
    }

    /// Goes on from another moment.
    pub fn go_from(&self, at: Timestamp) {
        self.at.store(at.since(WallClock.now()), Ordering::SeqCst);
        self.goes.store(true, Ordering::SeqCst);
    }
}

impl Clock for ShopClock {
    fn now(&self) -> Timestamp {
        let at = self.at.load(Ordering::SeqCst);
        match self.goes.load(Ordering::SeqCst) {
            true => WallClock.now().plus_millis(at),
            false => Timestamp::from_millis(at),
        }
    }
}

/// A workspace that is open.
pub struct Shop {
    opened: Opened,
    folder: PathBuf,
}

impl Shop {
    /// A fresh copy of the folder `kept`, which `populate` makes the first time.
    pub fn copy_of(
        kept: &Path,
        clock: &Arc<ShopClock>,
        populate: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Self> {
        if !kept.exists() {
            let unfinished = kept.with_extension("unfinished");
            remove(&unfinished)?;
            let shop = Self::open(&unfinished, clock)?;
            populate(&shop)?;
            shop.opened.stop();
            std::fs::rename(&unfinished, kept)?;
        }
        let folder = kept.with_extension("run");
        remove(&folder)?;
        std::fs::create_dir_all(&folder)?;
        for file in std::fs::read_dir(kept)? {
            let path = file?.path();
            std::fs::copy(&path, folder.join(path.file_name().context("no name")?))?;
        }
        Self::open(&folder, clock)
    }

    /// The workspace in a folder; an empty one where there is none.
    pub fn open(folder: &Path, clock: &Arc<ShopClock>) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let options = landfall_store_sqlite::Options { salt: 7 };
        let store = SqliteStore::open(&folder.join("bench.db"), options)?;
        let opened = landfall_engine::open(
            Arc::new(store),
            Options {
                id: "ws_bench".to_owned(),
                name: "bench".to_owned(),
                clock: Arc::clone(clock) as Arc<dyn Clock>,
                snapshot: None,
                salt: [7; 16],
                fixed_share: None,
            },
        )?;
        Ok(Self {
            opened: opened.filled(),
            folder: folder.to_owned(),
        })
    }

    /// The handle.
    pub fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    /// Waits until everything that was stored has reached SQLite: whoever reads deliveries does.
    pub async fn settle(&self) -> Result<()> {
        let read = self
            .workspace()
            .read(|store| store.deliveries_after(None, 1));
        read.await?;
        Ok(())
    }

    /// Ends it and takes the folder away.
    pub fn close(self) -> Result<()> {
        self.opened.stop();
        remove(&self.folder)
    }
}

/// Removes a folder, if it is there.
pub fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Numbers that depend on the seed only.
#[derive(Clone, Copy, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number below a limit.
    pub const fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*: good enough to spread people.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// The id of the person of a number.
///
/// # Panics
/// Never: the id is not blank.
pub fn who(person: u64) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("p{person}")).expect("not blank")
}

/// An input of the Track API.
pub const fn input(at: Option<Timestamp>, body: Body) -> Input {
    Input {
        source: Source::TrackV1,
        at,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}

/// Sets attributes of a person.
pub fn identify(person: u64, attributes: Attributes) -> Input {
    let body = Body::Identify {
        who: who(person),
        claims: Claims::default(),
        attributes,
        update_only: false,
    };
    input(None, body)
}

/// An event of a person; `at`: when it happened, if not now.
pub fn track(person: u64, name: &str, data: &Value, at: Option<Timestamp>) -> Input {
    let body = Body::Track {
        who: Some(who(person)),
        anonymous_id: None,
        event: EventKind::Event,
        name: name.to_owned(),
        id: None,
        data: EventData::from(data),
    };
    input(at, body)
}
