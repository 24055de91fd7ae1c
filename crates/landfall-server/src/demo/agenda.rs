//! What will happen in the shop, by time, and what it took.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use landfall_sim::script::draw;
use landfall_sim::shop::{Cart, Fault, Shop};

use super::{Books, Day};

/// Share of carts whose owners come back by themselves.
const BY_THEMSELVES: f64 = 0.03;
/// Share of orders that hold something that is used up.
const USED_UP: f64 = 0.25;
/// Products of the shop.
const PRODUCTS: u64 = 400;

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// A day begins.
    Day(u32),
    /// The fault begins.
    Fault(Fault),
    /// A cart is left.
    Cart(Cart),
    /// A phone gets a release.
    Update(u64),
    /// Somebody orders.
    Order(Order),
    /// A phone or a mail program reports.
    Report(Report),
    /// Something about a product.
    Product(Product),
}

/// An order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) customer: u64,
    pub(super) number: u64,
    /// The cart that it empties.
    pub(super) cart: u64,
    pub(super) minor: i64,
    /// Whether it will have to be bought again.
    pub(super) used_up: bool,
}

/// A receipt.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) metric: &'static str,
    pub(super) delivery: String,
    /// The token, when a phone reports.
    pub(super) token: Option<String>,
}

/// Something about a product.
#[derive(Clone, Debug)]
pub(super) enum Product {
    Viewed { customer: u64, product: u64 },
    Asked { customer: u64, product: u64 },
    Restocked { product: u64 },
    Cheaper { product: u64 },
}

/// The agenda; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    heap: BinaryHeap<Reverse<(Timestamp, u64)>>,
    entries: HashMap<u64, Entry>,
    count: u64,
    /// The last cart of each customer.
    carts: HashMap<u64, u64>,
    orders: u64,
    books: Books,
}

impl Agenda {
    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, at: Timestamp, entry: Entry) {
        self.lock().put(at, entry);
    }

    /// When something happens next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.lock().heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes out what happens up to a moment, in order.
    pub(super) fn due(&self, now: Timestamp) -> Vec<(Timestamp, Entry)> {
        let mut pages = self.lock();
        let mut due = Vec::new();
        while let Some(Reverse((at, number))) = pages.heap.peek().copied() {
            if at > now {
                break;
            }
            pages.heap.pop();
            due.extend(pages.entries.remove(&number).map(|entry| (at, entry)));
        }
        due
    }

    pub(super) fn books(&self) -> Books {
        self.lock().books.clone()
    }

    /// A cart is left; some come back to theirs unasked.
    pub(super) fn left(&self, cart: &Cart, day: i64) {
        let mut pages = self.lock();
        pages.carts.insert(cart.customer, cart.number);
        pages.books.days.entry(day).or_default().carts += 1;
        let name = cart.number.to_string();
        if draw(cart.number, 1, &name, 0) < BY_THEMSELVES {
            let thought = (draw(cart.number, 2, &name, 0) * 30.0 * HOUR_MS as f64) as i64;
            let order = pages.order(cart.customer, cart.number, cart.minor);
            pages.put(
                cart.at.plus_millis(20 * MINUTE_MS + thought),
                Entry::Order(order),
            );
        }
    }

    pub(super) fn ordered(&self, order: &Order, day: i64) {
        let mut pages = self.lock();
        let day = pages.books.days.entry(day).or_default();
        day.orders += 1;
        day.minor += order.minor;
    }

    /// A message was handed over.
    pub(super) fn handed(&self, day: i64, expected: f64, about_a_cart: bool) {
        let mut pages = self.lock();
        let day: &mut Day = pages.books.days.entry(day).or_default();
        day.handed += 1;
        day.expected += expected;
        if about_a_cart {
            day.carts_expected += expected;
        }
    }

    /// The cart that a message to a customer is about.
    pub(super) fn cart_of(&self, customer: u64) -> u64 {
        self.lock()
            .carts
            .get(&customer)
            .copied()
            .unwrap_or(customer)
    }

    /// A message leads to an order, or a customer orders by herself.
    pub(super) fn will_order(&self, at: Timestamp, customer: u64, cart: u64, minor: i64) {
        let mut pages = self.lock();
        let order = pages.order(customer, cart, minor);
        pages.put(at, Entry::Order(order));
    }

    /// Looks at products, requests, deliveries to the shop, and prices of a day.
    pub(super) fn plan_products(&self, shop: &Shop, day: u32, start: Timestamp) {
        let mut pages = self.lock();
        let midnight = start.plus_millis(i64::from(day) * DAY_MS);
        let chance = |rule, number: u64| draw(u64::from(day), rule, &number.to_string(), 1);
        let of = |share: f64, end: u64| (share * end as f64) as u64;
        let looks = shop.customers() / 100;
        for number in 0..looks {
            let customer = of(chance(3, number), shop.customers());
            // Some products are looked at by many.
            let product = of(chance(4, number).powi(2), PRODUCTS);
            let at = midnight.plus_millis((chance(5, number) * 0.9 * DAY_MS as f64) as i64);
            pages.put(at, Entry::Product(Product::Viewed { customer, product }));
            if number.is_multiple_of(2) {
                let again = at.plus_millis(10 * MINUTE_MS);
                pages.put(again, Entry::Product(Product::Viewed { customer, product }));
            }
            if number.is_multiple_of(20) {
                pages.put(at, Entry::Product(Product::Asked { customer, product }));
            }
        }
        let morning = midnight.plus_millis(9 * HOUR_MS);
        let product = of(chance(6, 1), PRODUCTS);
        pages.put(morning, Entry::Product(Product::Restocked { product }));
        if day.is_multiple_of(3) {
            let product = of(chance(7, 1).powi(2), PRODUCTS);
            pages.put(morning, Entry::Product(Product::Cheaper { product }));
        }
    }
}

impl Pages {
    fn put(&mut self, at: Timestamp, entry: Entry) {
        self.count += 1;
        self.heap.push(Reverse((at, self.count)));
        self.entries.insert(self.count, entry);
    }

    fn order(&mut self, customer: u64, cart: u64, minor: i64) -> Order {
        self.orders += 1;
        let used_up = draw(cart, 8, &customer.to_string(), 0) < USED_UP;
        Order {
            customer,
            number: self.orders,
            cart,
            minor,
            used_up,
        }
    }
}
