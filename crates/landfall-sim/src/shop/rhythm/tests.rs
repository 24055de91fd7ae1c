use landfall_domain::time::{DAY_MS, Timestamp};

use super::super::{Settings, Shop};
use super::{Rhythm, sample};

/// A Monday.
const START: Timestamp = Timestamp::from_seconds(1_790_553_600);

fn shop(rhythm: Rhythm) -> Shop {
    let settings = Settings {
        customers: 20_000,
        carts_per_day: 600,
        rhythm,
        ..Settings::default()
    };
    Shop::new(settings, 7, START)
}

/// Share of customers who order again, median days between orders, mean order as a share of the median.
#[derive(Debug)]
struct Figures {
    again: f64,
    gap: f64,
    mean: f64,
}

impl Figures {
    fn of(histories: impl Iterator<Item = Vec<(f64, f64)>>) -> Self {
        let (mut people, mut again) = (0.0, 0.0);
        let (mut gaps, mut values) = (Vec::new(), Vec::new());
        for history in histories {
            people += 1.0;
            again += f64::from(u8::from(history.len() > 1));
            gaps.extend(history.windows(2).map(|pair| pair[1].0 - pair[0].0));
            values.extend(history.iter().map(|(_, value)| *value));
        }
        gaps.sort_by(f64::total_cmp);
        values.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Self {
            again: again / people,
            gap: gaps[gaps.len() / 2],
            mean: mean / values[values.len() / 2],
        }
    }
}

fn near(found: f64, wanted: f64, share: f64) -> bool {
    (found / wanted - 1.0).abs() < share
}

#[test]
fn the_sample_is_the_one_that_is_published() {
    let histories = &sample().histories;
    assert_eq!(histories.len(), 2_357);
    // By the 39th week of the record, which is that of its first customers 78 weeks long.
    let again = histories.iter().filter(|history| {
        let end = history.observed - 273;
        history.orders.iter().skip(1).any(|(day, _)| *day <= end)
    });
    assert_eq!(again.count(), 946);
}

#[test]
fn the_shops_customers_order_again_as_often_as_soon_and_as_much_as_the_samples() {
    let real = Figures::of(sample().histories.iter().map(|history| {
        let orders = history.orders.iter().filter(|(_, cents)| *cents > 0);
        orders
            .map(|(day, cents)| (*day as f64, *cents as f64))
            .collect()
    }));
    let shop = shop(Rhythm::Cdnow);
    let drawn = Figures::of((0..shop.customers()).map(|number| {
        let orders = shop.history(number).into_iter();
        let day = |at: Timestamp| at.since(START) as f64 / DAY_MS as f64;
        orders
            .map(|order| (day(order.at), order.minor as f64))
            .collect()
    }));
    assert!(near(drawn.again, real.again, 0.03), "{drawn:?} {real:?}");
    assert!(near(drawn.gap, real.gap, 0.05), "{drawn:?} {real:?}");
    assert!(near(drawn.mean, real.mean, 0.03), "{drawn:?} {real:?}");
}

#[test]
fn the_orders_of_a_day_are_those_of_the_histories_with_the_median_of_the_shop() {
    let shop = shop(Rhythm::Cdnow);
    let mut listed: Vec<_> = (10..13).flat_map(|day| shop.purchases(day)).collect();
    let (from, to) = (
        START.plus_millis(10 * DAY_MS),
        START.plus_millis(13 * DAY_MS),
    );
    let within = |at: Timestamp| at >= from && at < to;
    let all = (0..shop.customers()).flat_map(|number| shop.history(number));
    let mut held: Vec<_> = all.filter(|order| within(order.at)).collect();
    listed.sort_by_key(|order| order.number);
    held.sort_by_key(|order| order.number);
    assert_eq!(listed, held);
    listed.sort_by_key(|order| order.minor);
    let median = listed[listed.len() / 2].minor as f64 / 100.0;
    assert!(near(median, Settings::default().basket, 0.15), "{median}");
    assert!(listed.len() > 100, "{}", listed.len());
}

#[test]
fn whoever_orders_soon_leaves_no_cart_and_without_a_rhythm_nobody_orders() {
    let shop = shop(Rhythm::Cdnow);
    for cart in shop.carts(20) {
        let soon = cart.at.plus_millis(3 * DAY_MS);
        let history = shop.history(cart.customer);
        assert!(
            !history
                .iter()
                .any(|order| order.at >= cart.at && order.at < soon),
            "{cart:?} {history:?}"
        );
    }
    let still = self::shop(Rhythm::Carts);
    assert!(still.purchases(20).is_empty() && still.history(3).is_empty());
}
