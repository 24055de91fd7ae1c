//! A simulated shop on a board, a store in a temporary folder, and a monitor that is called by hand.

use landfall_board::{Board, Currency, Revenue};
use landfall_domain::ids::MessageKey;
use landfall_domain::message::{MessageEntry, MessageRef, NameOf, SourceKind};
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_insight::alerts::Tell;
use landfall_sim::shop::{CART, Fault, MESSAGES, Settings, Shop};
use landfall_store_sqlite::SqliteStore;
use serde_json::Value;

use crate::Catalogue;
use crate::feed::rows;
use crate::monitor::Book;
use crate::monitor::book::{RuleFile, StoredRule};
use crate::monitor::counts::BUCKET_MS;
use crate::monitor::rules::read_one;
use crate::monitor::step::{Heard, Sight, step};

/// A Monday at midnight: 2026-08-31.
const START: Timestamp = Timestamp::from_seconds(1_788_134_400);
/// The day on which the fault begins, counted from the opening; iOS 5.2 has half of the phones.
pub(super) const FAULT_DAY: i64 = 56;
/// The first day with messages.
const FIRST_DAY: u32 = 35;

/// When it begins: at ten in the morning, when people are up.
pub(super) fn fault() -> Timestamp {
    day(FAULT_DAY).plus_millis(10 * HOUR_MS)
}

/// Midnight of a day.
pub(super) fn day(number: i64) -> Timestamp {
    START.plus_millis(number * DAY_MS)
}

pub(super) struct World {
    pub(super) board: Board,
    pub(super) catalogue: Catalogue,
    pub(super) store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl World {
    /// Without a single message.
    pub(super) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = landfall_store_sqlite::Options { salt: 7 };
        let path = folder.path().join("shop.db");
        Self {
            board: Board::new(),
            catalogue: catalogue(),
            store: SqliteStore::open_unflushed(&path, options).expect("a store"),
            _folder: folder,
        }
    }

    /// A shop in which something goes wrong at [`fault`].
    pub(super) fn with(planted: Fault, seed: u64) -> Self {
        let settings = Settings {
            // Nothing is found as well in half of it.
            carts_per_day: if planted == Fault::Nothing {
                3_000
            } else {
                6_000
            },
            ..Settings::default()
        };
        let mut shop = Shop::new(settings, seed, START);
        if planted != Fault::Nothing {
            shop = shop.with(planted, fault());
        }
        let mut world = Self::empty();
        let last = FAULT_DAY as u32 + if planted == Fault::Nothing { 5 } else { 2 };
        for visit in shop.days(FIRST_DAY..last) {
            for reached in visit.reached {
                let mut updates = rows(&reached.delivery);
                if let Some(first) = updates.first_mut().filter(|_| reached.minor != 0) {
                    first.revenue = Some(Revenue {
                        minor: reached.minor,
                        currency: Currency(*b"EUR"),
                    });
                }
                world.board.apply(&updates);
            }
        }
        world
    }

    /// Looks once.
    pub(super) fn step(&self, book: &mut Book, standings: &[Heard], now: Timestamp) -> Vec<Tell> {
        book.read(&self.store).expect("it is read");
        let sight = Sight {
            board: &self.board,
            catalogue: &self.catalogue,
            store: &self.store,
            standings,
            links: None,
            now,
        };
        step(book, sight).expect("a look")
    }

    /// A book that watched from the day before the fault to a moment, four times a day.
    pub(super) fn watched_until(&self, end: Timestamp) -> Book {
        let mut book = Book::default();
        let mut now = fault().plus_millis(-DAY_MS);
        while now < end {
            let told = self.step(&mut book, &[], now);
            assert_eq!(told, vec![], "{:#?}", book.desk.incidents);
            now = now.plus_millis(6 * HOUR_MS);
        }
        book
    }

    /// Looks every quarter of an hour, and answers what is told and when.
    pub(super) fn live(
        &self,
        book: &mut Book,
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<(Timestamp, Tell)> {
        let mut told = Vec::new();
        let mut now = start;
        while now < end {
            now = now.plus_millis(BUCKET_MS);
            let tells = self.step(book, &[], now);
            told.extend(tells.into_iter().map(|tell| (now, tell)));
        }
        told
    }

    /// What a program that was started anew knows.
    pub(super) fn reopened(&self) -> Book {
        let mut book = Book::default();
        book.read(&self.store).expect("it is read");
        book
    }

    pub(super) fn set_rule(&self, book: &mut Book, rule: &Value) {
        book.read(&self.store).expect("it is read");
        let file = RuleFile {
            document: 0,
            stored: StoredRule {
                rule: rule.clone(),
                at: START,
            },
            rule: read_one(rule).expect("a rule"),
        };
        book.rules.insert(file.rule.id.clone(), file);
    }
}

fn catalogue() -> Catalogue {
    let entries = MESSAGES.iter().enumerate().map(|(nth, line)| MessageEntry {
        key: MessageKey(nth as u32),
        message: MessageRef {
            source: SourceKind::Campaign,
            source_id: CART,
            step_id: Some(line.step),
            parent_step_id: None,
            variant_id: None,
            channel: line.channel,
        },
    });
    let name = NameOf {
        source: SourceKind::Campaign,
        source_id: CART,
        step_id: None,
        variant_id: None,
    };
    Catalogue::of(
        &entries.collect::<Vec<_>>(),
        vec![(name, "Cart Recovery".to_owned())],
    )
}
