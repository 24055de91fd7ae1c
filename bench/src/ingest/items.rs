//! What is sent: the same items to Landfall, one by one or in batches, and to PostgreSQL.

use crate::http;

/// People that the items are about.
pub const PEOPLE: u64 = 100_000;

/// One item.
pub enum Item {
    /// Attributes of a person.
    Identify { person: u64, orders: u64 },
    /// Something a person did.
    Event { person: u64, product: u64 },
    /// A person's device.
    Device { person: u64, seen: u64 },
}

/// An endless sequence of items that depends on its seed only.
pub struct Mix(u64);

impl Mix {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1)
    }

    fn next(&mut self, below: u64) -> u64 {
        // xorshift64*: good enough to spread people.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    pub fn item(&mut self) -> Item {
        let person = self.next(PEOPLE);
        match self.next(100) {
            0..60 => Item::Event {
                person,
                product: self.next(5_000),
            },
            60..95 => Item::Identify {
                person,
                orders: self.next(50),
            },
            _ => Item::Device {
                person,
                seen: 1_790_000_000 + self.next(1_000_000),
            },
        }
    }
}

/// Attributes of an identify call, as JSON members.
pub fn attributes(person: u64, orders: u64) -> String {
    format!(
        r#"{{"email":"person{person}@shop.example","first_name":"Robin","plan":"plus","orders":{orders},"country":"NL"}}"#
    )
}

/// Data of an event.
pub fn data(product: u64) -> String {
    format!(r#"{{"product":"SKU-{product}","price":19.95,"currency":"EUR"}}"#)
}

/// A token of a person's only device.
pub fn token(person: u64) -> String {
    format!("{person:064x}")
}

impl Item {
    /// The item as a single Track API call.
    pub fn call(&self) -> Vec<u8> {
        match self {
            Self::Identify { person, orders } => http::put(
                &format!("/api/v1/customers/p{person}"),
                attributes(*person, *orders).as_bytes(),
            ),
            Self::Event { person, product } => http::post(
                &format!("/api/v1/customers/p{person}/events"),
                format!(r#"{{"name":"viewed","data":{}}}"#, data(*product)).as_bytes(),
            ),
            Self::Device { person, seen } => http::put(
                &format!("/api/v1/customers/p{person}/devices"),
                format!(
                    r#"{{"device":{{"id":"{}","platform":"ios","last_used":{seen}}}}}"#,
                    token(*person)
                )
                .as_bytes(),
            ),
        }
    }

    /// The item as a member of a v2 batch.
    fn member(&self) -> String {
        match self {
            Self::Identify { person, orders } => format!(
                r#"{{"type":"person","action":"identify","identifiers":{{"id":"p{person}"}},"attributes":{}}}"#,
                attributes(*person, *orders)
            ),
            Self::Event { person, product } => format!(
                r#"{{"type":"person","action":"event","identifiers":{{"id":"p{person}"}},"name":"viewed","attributes":{}}}"#,
                data(*product)
            ),
            Self::Device { person, seen } => format!(
                r#"{{"type":"person","action":"add_device","identifiers":{{"id":"p{person}"}},"device":{{"token":"{}","platform":"ios","last_used":{seen}}}}}"#,
                token(*person)
            ),
        }
    }
}

/// The body of a v2 batch call.
pub fn batch_body(mix: &mut Mix, length: usize) -> String {
    let members: Vec<String> = (0..length).map(|_| mix.item().member()).collect();
    format!(r#"{{"batch":[{}]}}"#, members.join(","))
}
