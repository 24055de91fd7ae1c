//! `landfall send`: try a device, release what is held, take back what waits.

use std::cell::RefCell;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::{Client, Connection, show, trace};

/// `landfall send`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall send test --token 4f2a...        push to one device and watch what comes of it
  landfall send release DELIVERY            send a draft, or what failed for good
  landfall send cancel DELIVERY             take back what nobody has begun to hand over")]
pub(crate) struct Send {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Action {
    /// Push to one device and show its trail as it grows, until a device reports or Ctrl-C.
    Test(Test),
    /// Send what is held: a draft, or what failed for good.
    Release {
        /// The delivery's id.
        delivery: String,
    },
    /// Take back what nobody has begun to hand over.
    Cancel {
        /// The delivery's id.
        delivery: String,
    },
}

/// `landfall send test`.
#[derive(Debug, Args)]
struct Test {
    /// The device's push token.
    #[arg(long, value_name = "TOKEN")]
    token: String,
    /// ios, android or web; by the token's look if left out.
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    /// Title.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Text.
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// Stop as soon as the provider has answered, and do not wait for the device.
    #[arg(long)]
    no_wait: bool,
}

/// Does it.
pub(crate) fn run(send: &Send) -> Result<()> {
    let client = Client::new(&send.connection)?;
    match &send.action {
        Action::Test(test) => try_device(&client, test, send.connection.json),
        Action::Release { delivery } => by_hand(&client, delivery, "release", "is on its way"),
        Action::Cancel { delivery } => by_hand(&client, delivery, "cancel", "was taken back"),
    }
}

fn by_hand(client: &Client, delivery: &str, what: &str, done: &str) -> Result<()> {
    let path = format!("{}/{what}", trace::path(delivery));
    client.post(&path, "application/json", b"")?;
    println!("{delivery} {done}. `landfall trace {delivery}` shows what comes of it.");
    Ok(())
}

fn try_device(client: &Client, test: &Test, json: bool) -> Result<()> {
    let wanted = json!({
        "token": test.token,
        "platform": test.platform,
        "title": test.title,
        "body": test.body,
    });
    let watch = RefCell::new(Watch::new(client, json, test.no_wait));
    let begun = || {
        let path = "/landfall/v1/test-sends";
        let sent = client.post(path, "application/json", wanted.to_string().as_bytes())?;
        let id = sent["delivery_id"].as_str().context("no delivery id")?;
        watch.borrow_mut().begin(id)
    };
    client.follow_from("/landfall/v1/deliveries/stream", &[], begun, |changed| {
        watch.borrow_mut().look(&changed)
    })
}

/// Shows the facts of one delivery as they come.
struct Watch<'c> {
    client: &'c Client,
    json: bool,
    no_wait: bool,
    delivery: String,
    shown: usize,
}

impl<'c> Watch<'c> {
    const fn new(client: &'c Client, json: bool, no_wait: bool) -> Self {
        Self {
            client,
            json,
            no_wait,
            delivery: String::new(),
            shown: 0,
        }
    }

    fn begin(&mut self, delivery: &str) -> Result<()> {
        delivery.clone_into(&mut self.delivery);
        if !self.json {
            println!("Delivery {delivery}. Ctrl-C stops watching; the push goes on.");
        }
        self.show().map(drop)
    }

    fn look(&mut self, changed: &Value) -> Result<bool> {
        if changed["id"] != Value::String(self.delivery.clone()) {
            return Ok(true);
        }
        let trail = self.show()?;
        Ok(!self.is_over(&trail))
    }

    fn show(&mut self) -> Result<Value> {
        let trail = self.client.get(&trace::path(&self.delivery), &[])?;
        let facts = trail["facts"].as_array().cloned().unwrap_or_default();
        for fact in facts.iter().skip(self.shown) {
            if self.json {
                println!("{fact}");
            } else {
                println!(
                    "{}  {:<13}  {}",
                    show::time(&fact["occurred_ms"]),
                    show::plain(&fact["mark"]),
                    trace::words(fact)
                );
            }
        }
        self.shown = self.shown.max(facts.len());
        Ok(trail)
    }

    /// A device has reported, or the push will not get there.
    fn is_over(&self, trail: &Value) -> bool {
        let delivery = &trail["delivery"];
        let outcome = delivery["outcome"].as_str().unwrap_or_default();
        let is_decided = !matches!(outcome, "pending" | "held");
        let is_refused = is_decided && !outcome.contains("accepted");
        let reported = ["delivered", "opened", "clicked", "converted"];
        let status = delivery["status"].as_str().unwrap_or_default();
        if is_refused
            && !self.json
            && let Some(why) = trail["explanation"].as_str()
        {
            println!("{why}");
        }
        is_refused || reported.contains(&status) || (is_decided && self.no_wait)
    }
}
