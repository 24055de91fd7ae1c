//! What runs want done, decided by the rules of the domain in the same batch.

use std::sync::Arc;

use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Channel;
use landfall_domain::decide::{decide, wants};
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::Identifier;
use landfall_domain::ids::RunKey;
use landfall_domain::input::{Body, Claims, Input};
use landfall_domain::person::Person;
use landfall_domain::work::{Order, Ruling, Send, SendTo, Urgency};
use landfall_domain::working_set::{Want, WorkingSet};
use landfall_journey::{Effect, Run};
use landfall_store::StoreError;

use super::Reactor;
use super::stir::run_text;
use crate::input_of_ours;

impl Reactor {
    /// Does what a run wants done.
    pub(super) fn apply(
        &mut self,
        set: &mut WorkingSet,
        key: RunKey,
        run: &Run,
        effects: Vec<Effect>,
    ) -> Result<(), StoreError> {
        for effect in effects {
            let Some(who) = set.handle_of(run.person) else {
                // Whoever is gone gets nothing any more; what waits for them is taken back below.
                if let Effect::Cancel { delivery_id } = effect {
                    self.decide_loaded(set, Body::Cancel { delivery_id })?;
                }
                continue;
            };
            match effect {
                Effect::Send(send) => {
                    let person = set.person(run.person).cloned();
                    let send = sent(*send, who, person.as_deref(), key);
                    self.decide(set, Body::Send(Box::new(send)));
                }
                Effect::Cancel { delivery_id } => {
                    self.decide_loaded(set, Body::Cancel { delivery_id })?;
                }
                Effect::SetAttributes(attributes) => {
                    let attributes: Attributes = attributes.into_iter().collect();
                    let body = Body::Identify {
                        who,
                        claims: Claims::default(),
                        attributes,
                        update_only: true,
                    };
                    self.decide(set, body);
                }
                Effect::Emit { name, data } => {
                    let body = Body::Track {
                        who: Some(who),
                        anonymous_id: None,
                        event: landfall_domain::activity::EventKind::Event,
                        name,
                        id: None,
                        data: EventData::from(&data),
                    };
                    self.decide(set, body);
                }
                Effect::EditSegment { segment, add } => {
                    let who = vec![who];
                    self.decide(set, Body::EditSegment { segment, who, add });
                }
                Effect::Convert(convert) => {
                    let body = Body::Credit {
                        delivery_id: convert.delivery_id,
                        credit: Box::new(convert.credit),
                    };
                    self.decide_loaded(set, body)?;
                }
            }
        }
        Ok(())
    }

    /// Decides an input of ours about what is loaded already or new.
    fn decide(&self, set: &mut WorkingSet, body: Body) {
        decide(set, &input_of_ours(body), self.now);
    }

    /// Decides an input of ours about deliveries and work that may not be loaded.
    fn decide_loaded(&self, set: &mut WorkingSet, body: Body) -> Result<(), StoreError> {
        let input: Input = input_of_ours(body);
        let mut want = Want {
            audience: true,
            ..Want::default()
        };
        wants(&input, &mut want);
        set.take(self.store.load(&want)?);
        decide(set, &input, self.now);
        Ok(())
    }
}

fn sent(
    send: landfall_journey::Send,
    who: Identifier,
    person: Option<&Person>,
    run: RunKey,
) -> Send {
    let address = person.and_then(|person| match send.channel {
        Channel::Email => person.email.clone(),
        Channel::Sms => person.phone.clone(),
        Channel::Push => None,
        // These go where the credential or the content says.
        _ => Some(send.channel.name().to_owned()),
    });
    let to = match (&send.to, address) {
        (SendTo::All | SendTo::LastUsed, Some(address)) => SendTo::Addresses(vec![address]),
        (to, _) => to.clone(),
    };
    let (ruling, send_at) = match send.ruling {
        landfall_journey::Ruling::Go | landfall_journey::Ruling::Draft => (Ruling::Go, None),
        landfall_journey::Ruling::Held { until, reason } => (Ruling::Held(reason), Some(until)),
        landfall_journey::Ruling::Refused(reason) => (Ruling::Refused(reason), None),
    };
    Send {
        delivery_id: send.delivery_id,
        message: send.message,
        who,
        order: Arc::new(Order {
            content: (*send.content).clone(),
            data: send.data,
            ttl_ms: send.ttl.millis(),
            to_unsubscribed: false,
            forget_content: false,
            to,
            rules: send.rules,
        }),
        urgency: Urgency::Journey,
        send_at,
        draft: send.ruling == landfall_journey::Ruling::Draft,
        custom_device: None,
        trigger_id: None,
        run: Some(run_text(run)),
        ruling,
    }
}
