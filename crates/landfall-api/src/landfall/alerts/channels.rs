//! `/landfall/v1/alert-channels`: where messages about incidents go.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use landfall_engine::Monitor;
use landfall_engine::monitor::{Channel, ChannelError};
use landfall_engine::random::SystemRandom;
use serde::{Deserialize, Serialize};

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Sent, Visit};
use crate::app::App;

/// A channel.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ChannelBody {
    /// `slack:NAME` (a Slack credential), `email:ADDRESS` or `webhook:URL`.
    to: String,
    /// Only for these journeys; all when empty.
    #[serde(default)]
    journeys: Vec<String>,
}

/// The channels to have.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct ChannelsCall {
    /// All of them.
    channels: Vec<ChannelBody>,
}

/// Where messages go.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChannelList {
    /// The workspace's channels.
    channels: Vec<ChannelBody>,
    /// Owners of journeys, who are told of their own.
    owners: Vec<OwnerAnswer>,
}

/// A journey and who owns it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OwnerAnswer {
    /// Such as `campaign:31`.
    journey: String,
    /// Its name.
    name: Option<String>,
    /// Who owns it, as its definition says.
    owner: String,
    /// Where messages for the owner go; `null`: what the definition says is no address.
    to: Option<String>,
}

/// Where to try it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct TestCall {
    /// As in channels.
    to: String,
}

/// What came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TestedAnswer {
    /// Whether it was taken.
    taken: bool,
    /// The HTTP status, if there was one.
    status: Option<u16>,
    /// The destination's words, or why nobody was asked.
    message: Option<String>,
}

/// Where messages about incidents go: channels, and owners of journeys.
#[utoipa::path(get, path = "/landfall/v1/alert-channels", operation_id = "listAlertChannels",
    responses((status = 200, body = ChannelList), (status = 401, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn get(visit: Visit) -> Result<Json<ChannelList>, Problem> {
    listed(&visit).await
}

async fn listed(visit: &Visit) -> Result<Json<ChannelList>, Problem> {
    let (channels, owners) = visit.workspace.alert_channels().await?;
    let channels = channels.into_iter().map(|channel| ChannelBody {
        to: channel.to,
        journeys: channel.journeys,
    });
    let owners = owners.into_iter().map(|owner| OwnerAnswer {
        journey: owner.journey,
        name: owner.name,
        owner: owner.owner,
        to: owner.to,
    });
    Ok(Json(ChannelList {
        channels: channels.collect(),
        owners: owners.collect(),
    }))
}

/// Replaces the channels.
#[utoipa::path(put, path = "/landfall/v1/alert-channels", operation_id = "putAlertChannels",
    request_body = ChannelsCall,
    responses((status = 200, body = ChannelList), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn put(
    visit: Visit,
    Sent(call): Sent<ChannelsCall>,
) -> Result<Json<ChannelList>, Problem> {
    let channels = call.channels.into_iter().map(|channel| Channel {
        to: channel.to,
        journeys: channel.journeys,
    });
    visit
        .workspace
        .set_alert_channels(channels.collect())
        .await?;
    listed(&visit).await
}

/// Sends a message of trial to a destination.
#[utoipa::path(post, path = "/landfall/v1/alert-channels/test", operation_id = "testAlertChannel",
    request_body = TestCall,
    responses((status = 200, body = TestedAnswer, description = "What it said: read `taken`"),
        (status = 401, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn test(
    State(app): State<App>,
    visit: Visit,
    Sent(call): Sent<TestCall>,
) -> Result<Json<TestedAnswer>, Problem> {
    let carriers = app.sending.carriers(&visit.workspace);
    let network = app.sending.network().clone();
    let monitor = Monitor::new(
        visit.workspace.clone(),
        carriers,
        network,
        Arc::new(SystemRandom),
    )
    .linking(visit.links().cloned());
    let came = monitor.test(&call.to, visit.workspace.now()).await;
    Ok(Json(TestedAnswer {
        taken: came.taken,
        status: came.status,
        message: came.message,
    }))
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Invalid { field, problem } => Self::field(&field, problem),
            ChannelError::Store(error) => error.into(),
        }
    }
}
