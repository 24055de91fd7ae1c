//! `/landfall/v1/deliveries/{id}/release` and `/cancel`, `/landfall/v1/test-sends`: what a human does to
//! single messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::content::{Content, PushContent};
use landfall_domain::decide::Taken;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, DeviceReport, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::HOUR_MS;
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_domain::working_set::Want;
use landfall_engine::Workspace;
use landfall_engine::random::{Random as _, SystemRandom};
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};

/// Whom test pushes to unknown tokens are for.
const TESTER: &str = "landfall-test";

/// What became of a message by hand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HandAnswer {
    /// The delivery.
    pub(crate) delivery_id: String,
}

/// A push to try a device with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestSend {
    /// The device's push token.
    pub(crate) token: String,
    /// `ios`, `android` or `web`; needed for a token that nobody registered, unless it shows.
    #[serde(default)]
    pub(crate) platform: Option<String>,
    /// Title.
    #[serde(default)]
    pub(crate) title: Option<String>,
    /// Text.
    #[serde(default)]
    pub(crate) body: Option<String>,
}

/// Sends what is held: a draft, or what failed for good.
#[utoipa::path(
    post,
    path = "/landfall/v1/deliveries/{id}/release",
    operation_id = "releaseDelivery",
    params(("id" = String, Path, description = "Delivery id")),
    responses((status = 200, body = HandAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)),
    tag = "sending"
)]
pub(crate) async fn release(visit: Visit, id: Place<String>) -> Result<Json<HandAnswer>, Problem> {
    let body = Body::Release {
        delivery_id: id.0.clone(),
    };
    let nothing = "nothing of it is held: it is on its way, was accepted, or was parked more than 30 days ago";
    by_hand(&visit.workspace, id.0, body, nothing).await
}

/// Takes back what nobody has begun to hand over.
#[utoipa::path(
    post,
    path = "/landfall/v1/deliveries/{id}/cancel",
    operation_id = "cancelDelivery",
    params(("id" = String, Path, description = "Delivery id")),
    responses((status = 200, body = HandAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)),
    tag = "sending"
)]
pub(crate) async fn cancel(visit: Visit, id: Place<String>) -> Result<Json<HandAnswer>, Problem> {
    let body = Body::Cancel {
        delivery_id: id.0.clone(),
    };
    let nothing = "nothing of it waits: it is being handed over, or is decided";
    by_hand(&visit.workspace, id.0, body, nothing).await
}

async fn by_hand(
    workspace: &Workspace,
    delivery_id: String,
    body: Body,
    nothing: &str,
) -> Result<Json<HandAnswer>, Problem> {
    let id = delivery_id.clone();
    let known = workspace.read(move |store| store.delivery(&id)).await?;
    if known.is_none() {
        return Err(Problem::not_found("delivery", &delivery_id));
    }
    let taken = workspace.submit(vec![input(body)]).await?;
    if taken != [Taken::Applied] {
        return Err(Problem::new(Code::Conflict, nothing));
    }
    Ok(Json(HandAnswer { delivery_id }))
}

/// Sends a push to one device, to see whether it lands. A token that belongs to somebody stays theirs;
/// one that nobody registered is registered for the person `landfall-test`.
#[utoipa::path(
    post,
    path = "/landfall/v1/test-sends",
    operation_id = "testSend",
    request_body = TestSend,
    responses((status = 200, body = HandAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody)),
    tag = "sending"
)]
pub(crate) async fn test(
    visit: Visit,
    Sent(wanted): Sent<TestSend>,
) -> Result<Json<HandAnswer>, Problem> {
    let token = wanted.token.trim().to_owned();
    if token.is_empty() {
        return Err(Problem::field("token", "give the device's push token"));
    }
    let platform = match wanted.platform.as_deref() {
        None => Platform::guess(&token),
        Some(name) => Platform::named(name)
            .ok_or_else(|| Problem::field("platform", "write ios, android or web"))?,
    };
    let owner = owner(&visit.workspace, &token).await?;
    let custom_device = owner.is_none().then(|| DeviceReport {
        app: String::new(),
        platform,
        token: token.clone(),
        last_used: None,
        attributes: BTreeMap::new(),
    });
    let who = owner.or_else(|| Identifier::new(IdentifierKind::Id, TESTER));
    let who = who.ok_or_else(|| Problem::new(Code::Internal, "the tester has no name"))?;
    let delivery_id = SystemRandom.delivery_id();
    let send = Send {
        delivery_id: delivery_id.clone(),
        message: MessageRef {
            source: SourceKind::Unknown,
            source_id: 0,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
        who,
        order: Arc::new(order(wanted, token)),
        urgency: Urgency::Transactional,
        send_at: None,
        draft: false,
        custom_device,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    };
    let sent = input(Body::Send(Box::new(send)));
    visit.workspace.submit(vec![sent]).await?;
    Ok(Json(HandAnswer { delivery_id }))
}

fn order(wanted: TestSend, token: String) -> Order {
    Order {
        content: Content::Push(Box::new(PushContent {
            title: Some(wanted.title.unwrap_or_else(|| "Did it land?".to_owned())),
            body: Some(
                wanted
                    .body
                    .unwrap_or_else(|| "A test push from Landfall.".to_owned()),
            ),
            ..PushContent::default()
        })),
        data: serde_json::Value::Null,
        ttl_ms: HOUR_MS,
        to_unsubscribed: true,
        forget_content: false,
        to: SendTo::Token(token),
        rules: Rules::default(),
    }
}

/// Who has a token now, by internal id.
async fn owner(workspace: &Workspace, token: &str) -> Result<Option<Identifier>, Problem> {
    let want = Want {
        tokens: [token.to_owned()].into(),
        ..Want::default()
    };
    let found = workspace.read(move |store| store.load(&want)).await?;
    let owner = found.tokens.iter().find_map(|record| record.owner);
    let person = found.people.iter().find(|person| Some(person.key) == owner);
    Ok(person.and_then(|person| Identifier::new(IdentifierKind::CioId, &person.cio_id)))
}

fn input(body: Body) -> Input {
    Input {
        source: Source::App,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}
