//! The providers within the process, with the shop's phones and mailboxes behind them.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::Content;
use landfall_domain::ids::MessageKey;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_engine::Workspace;
use landfall_engine::dispatch::{Address, Outgoing, Sender};
use landfall_sim::shop::{Fate, Handed, Phone, Shop, Way};

use super::agenda::{Agenda, Entry, Report};

/// How names of messages about carts begin.
const CARTS: &str = "Cart Recovery |";

/// A provider.
pub(super) struct Simulated {
    pub(super) provider: Provider,
    pub(super) shop: Arc<Shop>,
    pub(super) agenda: Agenda,
    /// Set once the workspace is open; names of messages come from it.
    pub(super) workspace: Arc<OnceLock<Workspace>>,
    pub(super) start: Timestamp,
}

impl Simulated {
    fn answer(&self, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let (customer, token) = match &outgoing.to {
            Address::Device { token, .. } => (Phone::owner_of(token), Some(token.as_str())),
            Address::Email(address) => (customer_of(address), None),
            Address::Phone(_) | Address::Configured => return Answer::accepted(200, None),
        };
        let Some(customer) = customer else {
            // Mail to the people of the shop, about an incident.
            return match token {
                Some(_) => Answer::refused(Reason::TokenInvalid),
                None => Answer::accepted(200, None),
            };
        };
        let step = self.step(outgoing);
        let handed = Handed {
            customer,
            cart: self.agenda.cart_of(customer),
            reminder: match &step {
                _ if is_silent(outgoing) => 0,
                Some(name) if name.contains(" 2 ") => 2,
                _ => 1,
            },
            push: token.is_some(),
            at: now,
        };
        let day = now.since(self.start).div_euclid(DAY_MS);
        let about_a_cart = step.is_some_and(|name| name.starts_with(CARTS));
        let expected = self.shop.expected(&handed);
        self.agenda.handed(day, expected, about_a_cart);
        match self.shop.fate(&handed) {
            Fate::Rejected { reason, dead_since } => refused(self.provider, reason, dead_since),
            Fate::Taken(way) => {
                self.plan(&handed, &way, &outgoing.delivery_id, token);
                Answer::accepted(200, Some(outgoing.attempt_id.clone()))
            }
        }
    }

    /// The name of the message's step, which tells its journey and which reminder it is.
    fn step(&self, outgoing: &Outgoing) -> Option<String> {
        let label = outgoing.analytics_label.as_deref()?;
        let key = label.strip_prefix('m')?.parse().ok()?;
        let catalogue = self.workspace.get()?.catalogue();
        let message = catalogue.message(MessageKey(key))?;
        catalogue.step_name(message).map(str::to_owned)
    }

    /// Puts down what the phone or the mail program will report, and what will be bought.
    fn plan(&self, handed: &Handed, way: &Way, delivery: &str, token: Option<&str>) {
        let report = |metric| {
            Entry::Report(Report {
                metric,
                delivery: delivery.to_owned(),
                token: token.map(str::to_owned),
            })
        };
        if let Some(at) = way.receipt_at {
            self.agenda.put(at, report("delivered"));
        }
        if let Some(at) = way.opened_at {
            self.agenda.put(at, report("opened"));
        }
        if let Some((at, minor)) = way.order {
            self.agenda
                .will_order(at, handed.customer, handed.cart, minor);
        }
    }
}

fn is_silent(outgoing: &Outgoing) -> bool {
    matches!(&outgoing.content, Content::Push(push) if push.silent)
}

fn customer_of(address: &str) -> Option<u64> {
    address.split_once('@')?.0.strip_prefix('c')?.parse().ok()
}

fn refused(provider: Provider, reason: Reason, dead_since: Option<Timestamp>) -> Answer {
    let mut answer = Answer::refused(reason);
    answer.status = Some(match (provider, reason) {
        (Provider::Apns, Reason::TokenUnregistered) => 410,
        (_, Reason::TokenUnregistered) => 404,
        (_, Reason::ProviderAuth | Reason::WrongProject) => 403,
        _ => 400,
    });
    // Only Apple says since when.
    answer.dead_since = dead_since.filter(|_| provider == Provider::Apns);
    answer
}

impl Sender for Simulated {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn send<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        let answer = self.answer(outgoing, now);
        Box::pin(std::future::ready(answer))
    }

    fn check(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(std::future::ready(Answer::accepted(200, None)))
    }
}
