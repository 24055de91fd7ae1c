//! What the shop's backend and its apps tell the server, in Customer.io's Track API.

use anyhow::Result;
use landfall_domain::time::{DAY_MS, HOUR_MS, SECOND_MS, Timestamp};
use landfall_sim::script::draw;
use landfall_sim::shop::{Cart, Customer, Fault, Purchase};
use serde_json::{Value, json};

use super::agenda::{Order, Product, Report};
use super::door::Door;

/// Operations in one call.
const OPERATIONS: usize = 1_000;

/// One call, or one operation of a batch.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// An operation of `/api/v2/batch`.
    Operation(Value),
    /// A receipt, which phones post one by one.
    Receipt(Value),
    /// An event of nobody.
    Event(Value),
}

/// Operations that are gathered for one call; receipts are posted beside each other.
pub(super) struct Batch<'d> {
    door: &'d Door,
    operations: Vec<Value>,
    receipts: Vec<Value>,
}

impl<'d> Batch<'d> {
    pub(super) const fn new(door: &'d Door) -> Self {
        Self {
            door,
            operations: Vec::new(),
            receipts: Vec::new(),
        }
    }

    pub(super) async fn add(&mut self, call: Call) -> Result<()> {
        match call {
            Call::Operation(operation) => self.operations.push(operation),
            Call::Receipt(receipt) => self.receipts.push(receipt),
            Call::Event(event) => {
                self.send().await?;
                self.door
                    .track("/api/v1/events", event.to_string().into_bytes())
                    .await?;
            }
        }
        if self.operations.len() >= OPERATIONS || self.receipts.len() >= OPERATIONS {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends what is gathered.
    pub(super) async fn send(&mut self) -> Result<()> {
        if !self.operations.is_empty() {
            let batch = json!({ "batch": std::mem::take(&mut self.operations) });
            self.door
                .track("/api/v2/batch", batch.to_string().into_bytes())
                .await?;
        }
        let mut posted = tokio::task::JoinSet::new();
        for receipt in self.receipts.drain(..) {
            let door = self.door.clone();
            posted.spawn(async move {
                door.track("/api/v1/metrics", receipt.to_string().into_bytes())
                    .await
            });
        }
        while let Some(answered) = posted.join_next().await {
            answered??;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<()> {
        self.send().await
    }
}

fn person(number: u64, action: &str, more: Value) -> Call {
    let mut operation = json!({
        "type": "person", "action": action, "identifiers": { "id": format!("c{number}") },
    });
    if let (Some(operation), Value::Object(more)) = (operation.as_object_mut(), more) {
        operation.extend(more);
    }
    Call::Operation(operation)
}

fn event(number: u64, name: &str, at: Timestamp, data: &Value) -> Call {
    let more = json!({ "name": name, "timestamp": at.millis() / SECOND_MS, "attributes": data });
    person(number, "event", more)
}

/// A customer becomes known, with what the shop knows of her orders.
pub(super) fn identify(customer: &Customer, history: &[Purchase], now: Timestamp) -> Call {
    let number = customer.number;
    let name = number.to_string();
    let country = match draw(number, 10, &name, 0) {
        ..0.5 => "DE",
        ..0.7 => "AT",
        ..0.9 => "FR",
        _ => "NL",
    };
    let past = history.iter().map(|order| order.at).filter(|at| *at <= now);
    let any = (draw(number, 11, &name, 0) * 300.0) as i64;
    let ordered = past.clone().max();
    let ordered = ordered.unwrap_or_else(|| now.plus_millis(-any * DAY_MS));
    let known = past.min();
    let known = known.unwrap_or_else(|| now.plus_millis(-400 * DAY_MS));
    let attributes = json!({
        "email": format!("c{number}@example.org"),
        "first_name": format!("Customer {number}"),
        "country": country,
        "timezone": "Europe/Berlin",
        "created_at": known.millis() / SECOND_MS,
        "last_order_at": ordered.millis() / SECOND_MS,
        "unsubscribed": customer.unsubscribed,
    });
    person(number, "identify", json!({ "attributes": attributes }))
}

/// The app registers its token.
pub(super) fn register(customer: &Customer, at: Timestamp) -> Call {
    let token = customer.phone.map(|phone| phone.token(customer.number));
    registration(customer, &token.unwrap_or_default(), at)
}

fn registration(customer: &Customer, token: &str, at: Timestamp) -> Call {
    let Some(phone) = customer.phone else {
        return person(customer.number, "identify", json!({ "attributes": {} }));
    };
    let device = json!({
        "token": token,
        "platform": phone.platform.name(),
        "last_used": at.millis() / SECOND_MS,
        "attributes": {
            "app_version": phone.version,
            "cio_sdk_version": format!("4.{}", phone.version.trim_start_matches("5.")),
            "device_os": phone.os,
            "device_model": phone.model,
            "push_enabled": customer.permitted.to_string(),
        },
    });
    person(customer.number, "add_device", json!({ "device": device }))
}

/// The app was updated and registers again, under a fault of its SDK twice; the SDK tells of the update.
pub(super) fn updated(customer: &Customer, at: Timestamp, doubled: bool) -> Vec<Call> {
    let mut calls = vec![register(customer, at)];
    if let Some(phone) = customer.phone.filter(|_| doubled) {
        let second = format!("{}.2", phone.token(customer.number));
        calls.push(registration(customer, &second, at));
    }
    if let Some(phone) = customer.phone {
        let release = json!({ "version": phone.version });
        calls.push(event(customer.number, "Application Updated", at, &release));
    }
    calls
}

/// A merge that lost the token: the app registers it for an anonymous id at its next start, and at the login the
/// backend removes it from there, merges the two, and registers it nowhere.
pub(super) fn stranded(customer: &Customer, at: Timestamp) -> Vec<Value> {
    let Some(phone) = customer.phone else {
        return Vec::new();
    };
    let (number, anonymous) = (customer.number, format!("start-{}", customer.number));
    let device = json!({ "token": phone.token(number), "type": phone.platform.name() });
    let app = json!({
        "app_version": phone.version,
        "device_os": phone.os,
        "device_model": phone.model,
        "push_enabled": customer.permitted.to_string(),
    });
    let told = |event: &str, properties: &Value| {
        json!({
            "type": "track", "anonymousId": anonymous, "event": event, "timestamp": at.millis(),
            "properties": properties, "context": { "device": device },
        })
    };
    vec![
        told("Device Created or Updated", &app),
        told("Device Deleted", &json!({})),
        json!({
            "type": "identify", "userId": format!("c{number}"), "anonymousId": anonymous,
            "timestamp": at.millis(),
        }),
    ]
}

/// A cart is left.
pub(super) fn cart(cart: &Cart) -> Call {
    let number = cart.number;
    let data = json!({
        "cart_id": format!("cart-{number}"),
        "url": format!("https://shop.example/cart/{number}"),
        "total": cart.minor as f64 / 100.0,
        "currency": "EUR",
        "product_ids": [format!("p{}", number % 400)],
    });
    event(cart.customer, "cart_updated", cart.at, &data)
}

/// Somebody ordered.
pub(super) fn order(order: &Order, at: Timestamp) -> Vec<Call> {
    let data = json!({
        "order_id": format!("order-{}", order.number),
        "cart_id": format!("cart-{}", order.cart),
        "total": order.minor as f64 / 100.0,
        "currency": "EUR",
        "replenishable": order.used_up,
        "sku": format!("sku-{}", order.cart % 40),
        "name": "Espresso beans",
        "url": "https://shop.example/p/beans",
        "days_of_supply": 21,
    });
    let since = json!({ "attributes": { "last_order_at": at.millis() / SECOND_MS } });
    vec![
        event(order.customer, "order_completed", at, &data),
        person(order.customer, "identify", since),
    ]
}

/// A receipt.
pub(super) fn report(report: &Report, at: Timestamp, fault: Option<Fault>) -> Vec<Call> {
    let off = match fault {
        Some(Fault::ClockSkew) => 3 * HOUR_MS,
        _ => 0,
    };
    let mut receipt = json!({
        "metric": report.metric,
        "delivery_id": report.delivery,
        "timestamp": (at.millis() - off) / SECOND_MS,
    });
    if let Some(token) = &report.token {
        receipt["recipient"] = json!(token);
    }
    let times = if fault == Some(Fault::ReceiptsDoubled) {
        2
    } else {
        1
    };
    vec![Call::Receipt(receipt); times]
}

/// Something about a product.
pub(super) fn product(happening: &Product, at: Timestamp) -> Vec<Call> {
    let about = |product: &u64| {
        json!({
            "product_id": format!("p{product}"),
            "name": format!("Product {product}"),
            "url": format!("https://shop.example/p/p{product}"),
        })
    };
    let of_nobody = |name: &str, product: &u64, more: Value| {
        let mut data = about(product);
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        let event = json!({ "name": name, "timestamp": at.millis() / SECOND_MS, "data": data });
        vec![Call::Event(event)]
    };
    match happening {
        Product::Viewed { customer, product } => {
            vec![event(*customer, "product_viewed", at, &about(product))]
        }
        Product::Asked { customer, product } => {
            vec![event(
                *customer,
                "back_in_stock_requested",
                at,
                &about(product),
            )]
        }
        Product::Restocked { product } => {
            of_nobody("product_restocked", product, json!({ "quantity": 20 }))
        }
        Product::Cheaper { product } => of_nobody(
            "price_changed",
            product,
            json!({ "price": 39.0, "was": 59.0 }),
        ),
    }
}
