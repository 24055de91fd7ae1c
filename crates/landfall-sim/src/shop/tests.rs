use std::collections::BTreeMap;
use std::ops::Range;

use landfall_domain::channel::Platform;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::{Fault, Handed, Money, Phone, Settings, Shop, Stage, Visit};

/// A Monday.
const START: Timestamp = Timestamp::from_seconds(1_790_553_600);
const DAY: u32 = 49;

fn small() -> Settings {
    Settings {
        carts_per_day: 2_000,
        ..Settings::default()
    }
}

fn shop(fault: Fault) -> Shop {
    let from = START.plus_millis(i64::from(DAY) * DAY_MS);
    Shop::new(small(), 7, START).with(fault, from)
}

fn live(shop: &Shop, days: Range<u32>) -> Vec<Visit> {
    shop.days(days).collect()
}

fn money(visits: impl IntoIterator<Item = Visit>) -> Money {
    let mut sum = Money::default();
    for visit in visits {
        sum += visit.money();
    }
    sum
}

fn text(visits: impl IntoIterator<Item = Visit>) -> Vec<String> {
    visits
        .into_iter()
        .map(|visit| format!("{visit:?}"))
        .collect()
}

#[test]
fn before_its_fault_begins_a_shop_is_the_same_as_without_it() {
    for fault in Fault::ALL {
        let faulty = live(&shop(*fault), DAY - 4..DAY - 3);
        let clean = live(&Shop::new(small(), 7, START), DAY - 4..DAY - 3);
        assert_eq!(text(faulty), text(clean), "{}", fault.name());
    }
}

#[test]
fn a_seed_is_a_shop_and_another_seed_is_another() {
    let shop = |seed| live(&Shop::new(small(), seed, START), 3..4);
    assert_eq!(text(shop(1)), text(shop(1)));
    assert_ne!(text(shop(1)), text(shop(2)));
}

#[test]
fn faults_that_cost_something_cost_at_least_a_tenth_once_phones_have_updated() {
    let harmless = [
        Fault::ReceiptsLost,
        Fault::ReceiptsDoubled,
        Fault::ClockSkew,
        Fault::DoubleRegistration,
        Fault::OrderTracking,
        Fault::Nothing,
    ];
    // Small by nature: a part of the phones, or one of two reminders.
    let small = [
        Fault::PromptRemoved,
        Fault::ExpiryWave,
        Fault::ProviderRules,
        Fault::BatteryKiller,
    ];
    for fault in Fault::ALL {
        let money = money(live(&shop(*fault), DAY + 7..DAY + 14));
        let share = money.lost() / money.healthy;
        let text = format!("{} costs {:.3}", fault.name(), share);
        if harmless.contains(fault) {
            assert!(share.abs() < 1e-9, "{text}");
        } else if small.contains(fault) {
            assert!(share > 0.02, "{text}");
        } else {
            assert!(share > 0.10, "{text}");
        }
    }
}

#[test]
fn what_is_bought_comes_close_to_what_is_expected() {
    let shop = Shop::new(
        Settings {
            carts_per_day: 20_000,
            ..Settings::default()
        },
        11,
        START,
    );
    let mut bought = 0_i64;
    let mut expected = Money::default();
    for visit in shop.days(0..14) {
        bought += visit
            .reached
            .iter()
            .map(|reached| reached.minor)
            .sum::<i64>();
        expected += visit.money();
    }
    let ratio = bought as f64 / expected.expected;
    assert!((0.96..1.04).contains(&ratio), "{ratio}");
}

#[test]
fn tokens_of_the_bad_release_are_rejected_and_no_others() {
    let mut pushes: BTreeMap<(Platform, String), [u32; 2]> = BTreeMap::new();
    for visit in live(&shop(Fault::TokenChurn), DAY + 3..DAY + 10) {
        for target in visit
            .reached
            .iter()
            .flat_map(|reached| &reached.delivery.targets)
        {
            let Some(snapshot) = &target.snapshot else {
                continue;
            };
            let (Some(platform), Some(version)) = (snapshot.platform, &snapshot.app_version) else {
                continue;
            };
            let counted = pushes.entry((platform, version.clone())).or_default();
            counted[0] += 1;
            counted[1] += u32::from(target.reasons.contains_key(&Reason::TokenUnregistered));
        }
    }
    for ((platform, version), [pushes, rejected]) in &pushes {
        let share = f64::from(*rejected) / f64::from(*pushes);
        let bad = *platform == Platform::Ios && version == "5.2";
        assert!(
            (share > 0.3) == bad,
            "{platform} {version}: {share:.3} of {pushes}"
        );
    }
    assert_eq!(pushes.len(), 6, "{:?}", pushes.keys());
}

#[test]
fn orders_that_nobody_reports_are_revenue_and_no_conversions() {
    let visits = || live(&shop(Fault::OrderTracking), DAY + 2..DAY + 4);
    let converted = visits()
        .into_iter()
        .flat_map(|visit| visit.reached)
        .flat_map(|reached| reached.delivery.targets)
        .filter(|target| target.marks.has(Mark::Converted))
        .count();
    assert_eq!(converted, 0);
    assert!(money(visits()).expected > 0.0);
}

#[test]
fn every_fault_has_a_name_and_only_harmless_ones_are_nothing() {
    for fault in Fault::ALL {
        assert_eq!(Fault::named(fault.name()), Some(*fault));
    }
    let nothing: Vec<_> = Fault::ALL
        .iter()
        .filter(|fault| fault.stage() == Stage::Nothing)
        .map(|fault| fault.name())
        .collect();
    assert_eq!(
        nothing,
        [
            "receipts_doubled",
            "clock_skew",
            "double_registration",
            "nothing"
        ]
    );
}

fn handed(customer: u64, cart: u64, day: u32) -> Handed {
    Handed {
        customer,
        cart,
        reminder: 1,
        push: true,
        at: START.plus_millis(i64::from(day) * DAY_MS + 12 * HOUR_MS),
    }
}

#[test]
fn a_message_that_the_fault_does_not_meet_has_the_same_fate_as_without_it() {
    let (clean, churn) = (Shop::new(small(), 7, START), shop(Fault::TokenChurn));
    let mut touched = 0;
    for customer in 0..4_000 {
        let message = handed(customer, customer + 9, DAY + 12);
        let phone = churn.customer(customer, message.at).phone;
        let bad =
            phone.is_some_and(|phone| phone.platform == Platform::Ios && phone.version == "5.2");
        let same = clean.fate(&message) == churn.fate(&message);
        assert!(bad || same, "{customer}");
        touched += u32::from(!same);
    }
    assert!(touched > 100, "{touched}");
}

#[test]
fn phones_get_releases_in_order_and_tokens_tell_whose_they_are() {
    let shop = Shop::new(small(), 3, START);
    for number in 0..200 {
        let updates = shop.updates(number);
        assert_eq!(updates.len(), 2);
        let Some(phone) = shop.customer(number, START).phone else {
            continue;
        };
        assert_eq!(phone.version, "5.0");
        assert_eq!(Phone::owner_of(&phone.token(number)), Some(number));
        let last = updates.iter().max().copied().unwrap_or(START);
        let late = shop.customer(number, last).phone.map(|phone| phone.version);
        assert!(
            late == Some("5.2") || updates[0] > updates[1],
            "{number}: {late:?}"
        );
    }
}

#[test]
fn carts_come_by_rising_time_within_their_day() {
    let carts = Shop::new(small(), 5, START).carts(2);
    assert!(carts.len() > 1_500, "{}", carts.len());
    assert!(carts.is_sorted_by_key(|cart| cart.at));
    let day = START.plus_millis(2 * DAY_MS)..START.plus_millis(3 * DAY_MS);
    assert!(carts.iter().all(|cart| day.contains(&cart.at)));
}

/// `docs/faults.md` is the catalogue; UPDATE_DOCS=1 writes it.
#[test]
fn the_page_of_faults_is_the_catalogue() {
    use std::fmt::Write as _;
    let mut says = String::from(
        "# Faults of the demo\n\n\
         What `landfall demo --fault NAME` plants, and `cargo x bench faults` judges the diagnosis by. *Verdict* is what a\n\
         diagnosis should say. Generated from `landfall-sim`.\n\n\
         | name | what happens | verdict |\n|---|---|---|\n",
    );
    for fault in Fault::ALL {
        let (name, stage) = (fault.name(), fault.stage().name());
        let _ = writeln!(says, "| `{name}` | {} | {stage} |", fault.says());
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, says).expect("docs/ is writable");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == says,
        "docs/faults.md is not the catalogue: run UPDATE_DOCS=1 cargo test -p landfall-sim catalogue"
    );
}
