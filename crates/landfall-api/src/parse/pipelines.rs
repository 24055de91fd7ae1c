//! Pipelines API: Segment-shaped calls, from servers, phones and browsers (pipelines-api.md).

use std::collections::BTreeMap;

use landfall_domain::activity::EventKind;
use landfall_domain::channel::Platform;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Claims, DeviceReport, Input, Source};
use landfall_domain::limits::{ATTRIBUTE_VALUE_BYTES_MAX, IDENTIFIER_BYTES_MAX, TOKEN_BYTES_MAX};
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};

use super::track::{REPORT_TEXT_BYTES_MAX, event_data};
use super::{Parsed, Problem, attributes, identifier, object, required_text, short, text, time};

/// Longest event name. The SDKs send screen titles and URLs as names.
const NAME_BYTES_MAX: usize = 2_048;

/// Longest name of a type that is worth repeating in an answer.
const TYPE_BYTES_MAX: usize = 40;

/// What a batch says once for all of its items.
#[derive(Clone, Copy, Default)]
pub struct Shared<'b> {
    /// Context of items that have none.
    pub context: Option<&'b Value>,
    /// When the batch was uploaded, by the client's clock.
    pub sent_at: Option<Timestamp>,
}

impl<'b> Shared<'b> {
    /// From the body of a batch.
    pub fn of(body: &'b Value) -> Self {
        Self {
            context: present(body.get("context")),
            sent_at: body.get("sentAt").and_then(time::moment),
        }
    }
}

/// One call or one item of a batch. `kind` is what the path says; an item says it itself. `None`:
/// accepted, but nothing that Landfall keeps (groups, objects, remote metrics).
pub fn call(
    value: &Value,
    kind: Option<&str>,
    shared: Shared<'_>,
    source: Source,
) -> Parsed<Option<Input>> {
    let map = object(value, "")?;
    let said = match kind {
        Some(kind) => kind.to_owned(),
        None => required_text(map, "type", TYPE_BYTES_MAX)?,
    };
    let kind = said.as_str();
    let call = Call {
        map,
        context: present(map.get("context")).or(shared.context),
    };
    let body = match kind {
        "identify" => call.identify()?,
        "track" => match call.track()? {
            Some(body) => body,
            None => return Ok(None),
        },
        "page" => call.view(EventKind::Page)?,
        "screen" => call.view(EventKind::Screen)?,
        "alias" => call.alias()?,
        "group" => {
            // A group may come without anybody: then it is about the object alone.
            call.id("userId")?;
            call.id("anonymousId")?;
            return Ok(None);
        }
        _ => {
            return Err(Problem::new(
                "unknown",
                "type",
                format!("there is no type `{kind}`"),
            ));
        }
    };
    let sent_at = map.get("sentAt").and_then(time::moment).or(shared.sent_at);
    let message_id = text(map, "messageId")?;
    if let Some(message_id) = &message_id {
        short(message_id, "messageId", 2 * IDENTIFIER_BYTES_MAX)?;
    }
    Ok(Some(Input {
        source,
        at: call.time()?,
        sent_at,
        dedupe_key: message_id.map(|id| format!("message:{id}")),
        body,
    }))
}

/// Explicit nulls are absent (pipelines-api.md 2.1).
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

struct Call<'c> {
    map: &'c Map<String, Value>,
    context: Option<&'c Value>,
}

impl Call<'_> {
    /// When it happened: a bare integer is milliseconds here (pipelines-api.md 2.1).
    fn time(&self) -> Parsed<Option<Timestamp>> {
        for name in ["timestamp", "originalTimestamp"] {
            if let Some(at) = time::field(self.map, name)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn id(&self, field: &str) -> Parsed<Option<String>> {
        let id = text(self.map, field)?;
        if let Some(id) = &id {
            short(id, field, IDENTIFIER_BYTES_MAX)?;
        }
        Ok(id)
    }

    /// Whom the call names: the user, or else the anonymous id.
    fn somebody(&self) -> Parsed<Identifier> {
        if let Some(user) = self.id("userId")? {
            return identifier(IdentifierKind::Id, &user);
        }
        match self.id("anonymousId")? {
            Some(anonymous) => identifier(IdentifierKind::Anonymous, &anonymous),
            None => Err(Problem::new(
                "required",
                "userId",
                "userId or anonymousId is required",
            )),
        }
    }

    fn user(&self) -> Parsed<Identifier> {
        let user = self
            .id("userId")?
            .ok_or_else(|| Problem::required("userId"))?;
        identifier(IdentifierKind::Id, &user)
    }

    fn object(&self, field: &str) -> Parsed<Map<String, Value>> {
        match self.map.get(field) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(value) => object(value, field).cloned(),
        }
    }

    fn identify(&self) -> Parsed<Body> {
        let mut traits = self.object("traits")?;
        if let Some(created) = traits.remove("createdAt") {
            let seconds = time::moment(&created).map(|at| at.seconds().into());
            traits.insert("created_at".to_owned(), seconds.unwrap_or(created));
        }
        let under = |problem: Problem| problem.under("traits");
        let claims = attributes::claims(&traits).map_err(under)?;
        let anonymous_id = self.id("anonymousId")?;
        let user = self.id("userId")?;
        let (who, anonymous_id) = match (&user, &claims.email, anonymous_id) {
            (Some(user), _, anonymous) => (identifier(IdentifierKind::Id, user)?, anonymous),
            // An e-mail address in the traits names the person when there is no user id.
            (None, Some(email), anonymous) => {
                (identifier(IdentifierKind::Email, email)?, anonymous)
            }
            (None, None, Some(anonymous)) => {
                (identifier(IdentifierKind::Anonymous, &anonymous)?, None)
            }
            (None, None, None) => return self.somebody().map(|who| nobody(&who)),
        };
        Ok(Body::Identify {
            who,
            claims: Claims {
                id: None,
                anonymous_id,
                ..claims
            },
            attributes: attributes::of_person(&traits).map_err(under)?,
            update_only: false,
        })
    }

    fn track(&self) -> Parsed<Option<Body>> {
        let event = required_text(self.map, "event", NAME_BYTES_MAX)?;
        let body = match event.as_str() {
            "Device Created or Updated" => self.add_device()?,
            "Device Deleted" => self.delete_device()?,
            "Report Delivery Event" => self.receipt()?,
            "User Deleted" => Body::Delete { who: self.user()? },
            "User Suppressed" => Body::Suppress { who: self.user()? },
            "User Unsuppressed" => Body::Unsuppress { who: self.user()? },
            "Relationship Deleted" | "Object Deleted" => return Ok(None),
            _ => self.event(EventKind::Event, event.trim().to_owned())?,
        };
        Ok(Some(body))
    }

    fn view(&self, kind: EventKind) -> Parsed<Body> {
        let properties = self.object("properties")?;
        let url = || {
            properties
                .get("url")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let title = || {
            properties
                .get("title")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let name = text(self.map, "name")?.or_else(url).or_else(title);
        let name = name.ok_or_else(|| Problem::required("name"))?;
        short(&name, "name", NAME_BYTES_MAX)?;
        self.event(kind, name.trim().to_owned())
    }

    fn event(&self, event: EventKind, name: String) -> Parsed<Body> {
        if name.is_empty() {
            return Err(Problem::required("event"));
        }
        let properties = self.object("properties")?;
        let data = if properties.is_empty() {
            EventData::NONE
        } else {
            event_data(&Value::Object(properties), "properties")?
        };
        let who = self.somebody()?;
        let anonymous = who.kind() == IdentifierKind::Anonymous;
        let anonymous_id = self.id("anonymousId")?;
        let who = (!anonymous).then_some(who);
        Ok(Body::Track {
            who,
            anonymous_id,
            event,
            name,
            id: None,
            data,
        })
    }

    fn alias(&self) -> Parsed<Body> {
        let previous = self
            .id("previousId")?
            .ok_or_else(|| Problem::required("previousId"))?;
        Ok(Body::Merge {
            primary: self.user()?,
            secondary: identifier(IdentifierKind::Id, &previous)?,
            create_primary: true,
        })
    }

    /// `context.device`, or `properties.device` as the documentation's sample has it.
    fn device(&self, field: &str) -> Option<String> {
        let properties = self.map.get("properties");
        [self.context, properties]
            .into_iter()
            .flatten()
            .find_map(|place| {
                let value = place.get("device")?.get(field)?.as_str()?.trim();
                (!value.is_empty()).then(|| value.to_owned())
            })
    }

    fn token(&self) -> Parsed<String> {
        let token = self
            .device("token")
            .ok_or_else(|| Problem::required("context.device.token"))?;
        short(&token, "context.device.token", TOKEN_BYTES_MAX)?;
        Ok(token)
    }

    fn add_device(&self) -> Parsed<Body> {
        let platform = self
            .device("type")
            .ok_or_else(|| Problem::required("context.device.type"))?;
        let platform = Platform::named(&platform.to_lowercase())
            .ok_or_else(|| Problem::invalid("context.device.type", "must be ios or android"))?;
        let properties = self.object("properties")?;
        let mut given = BTreeMap::new();
        let flat = properties
            .iter()
            .filter(|(name, _)| name.as_str() != "device");
        attributes::add(&mut given, flat).map_err(|problem| problem.under("properties"))?;
        if let Some(version) = self
            .context
            .and_then(|c| c.get("app")?.get("version")?.as_str())
        {
            short(version, "context.app.version", ATTRIBUTE_VALUE_BYTES_MAX)?;
            given
                .entry("app_version".to_owned())
                .or_insert_with(|| version.to_owned());
        }
        let device = DeviceReport {
            app: String::new(),
            platform,
            token: self.token()?,
            last_used: self.time()?,
            attributes: given,
        };
        Ok(Body::AddDevice {
            who: self.somebody()?,
            device,
        })
    }

    fn delete_device(&self) -> Parsed<Body> {
        let platform = self
            .device("type")
            .and_then(|name| Platform::named(&name.to_lowercase()));
        Ok(Body::DeleteDevice {
            who: self.somebody()?,
            token: self.token()?,
            platform,
        })
    }

    fn receipt(&self) -> Parsed<Body> {
        let properties = self.object("properties")?;
        let under = |problem: Problem| problem.under("properties");
        let metric = required_text(&properties, "metric", 40).map_err(under)?;
        let mark = Mark::named(&metric.to_lowercase()).filter(|mark| {
            matches!(
                mark,
                Mark::Delivered | Mark::Opened | Mark::Clicked | Mark::Converted
            )
        });
        let mark = mark.ok_or_else(|| Problem::invalid("properties.metric", "is not a metric"))?;
        let delivery_id =
            required_text(&properties, "deliveryId", IDENTIFIER_BYTES_MAX).map_err(under)?;
        let recipient = text(&properties, "recipient").map_err(under)?;
        if let Some(recipient) = &recipient {
            short(recipient, "properties.recipient", TOKEN_BYTES_MAX)?;
        }
        let reason = text(&properties, "reason").map_err(under)?;
        let href = text(&properties, "href").map_err(under)?;
        for (value, name) in [(&reason, "properties.reason"), (&href, "properties.href")] {
            if let Some(value) = value {
                short(value, name, REPORT_TEXT_BYTES_MAX)?;
            }
        }
        Ok(Body::Receipt {
            delivery_id,
            mark,
            recipient,
            reason,
            href,
        })
    }
}

/// An identify that sets nothing.
fn nobody(who: &Identifier) -> Body {
    Body::Identify {
        who: who.clone(),
        claims: Claims::default(),
        attributes: [].into(),
        update_only: true,
    }
}
