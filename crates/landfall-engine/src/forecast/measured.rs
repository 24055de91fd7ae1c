//! How often channels passed on to the next lately.

use landfall_board::{CountBy, Dimension, Group, Measure, Query, QueryError, TimeRange, Value};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::marks::Mark;
use landfall_domain::status::Outcome;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_journey::forecast::Passing;
use landfall_store::StoreError;

use super::since;
use crate::workspace::Workspace;

/// What became of messages over a channel, for pushes on a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Over what.
    pub channel: Channel,
    /// Of a push: on what.
    pub platform: Option<Platform>,
    /// Messages that were handed over, or failed on the way there; one for each device or address.
    pub attempted: u64,
    /// Of those: bounced, failed or expired.
    pub failed: u64,
    /// Of those: confirmed by a device, or for text messages and mails by the provider.
    pub delivered: u64,
}

/// What became of the messages of the last days before yesterday: later ones may still be confirmed.
pub(super) async fn read(
    workspace: &Workspace,
    now: Timestamp,
) -> Result<Vec<Measured>, StoreError> {
    let asked = workspace.clone();
    let groups = tokio::task::spawn_blocking(move || {
        let end = now.plus_millis(-DAY_MS);
        let query = Query {
            group_by: vec![
                Dimension::Channel,
                Dimension::Platform,
                Dimension::TargetOutcome,
            ],
            count_by: CountBy::Row,
            range: TimeRange {
                start: Some(since(end)),
                end: Some(end),
            },
            ..Query::all(vec![Measure::Rows, Measure::Marked(Mark::Delivered)])
        };
        let catalogue = asked.catalogue();
        let table = asked.board().view().query(catalogue.infos(), &query, 1)?;
        Ok::<_, QueryError>(table.groups)
    });
    let groups = groups.await.map_err(StoreError::unavailable)?;
    // The query is well-formed whatever the board holds.
    Ok(sums(&groups.unwrap_or_default()))
}

fn sums(groups: &[Group]) -> Vec<Measured> {
    let mut sums: Vec<Measured> = Vec::new();
    for group in groups {
        let [Value::Channel(channel), platform, Value::Code(outcome)] = group.key.as_slice() else {
            continue;
        };
        let platform = match platform {
            Value::Platform(platform) if *channel == Channel::Push => Some(*platform),
            _ => None,
        };
        let outcome = u8::try_from(*outcome).ok().and_then(Outcome::from_code);
        let failed = match outcome {
            Some(Outcome::Accepted | Outcome::PartiallyAccepted) => false,
            Some(Outcome::Bounced | Outcome::Failed | Outcome::Expired) => true,
            // It was not tried, or it is not known yet.
            _ => continue,
        };
        let cell = |place: usize| {
            group
                .cells
                .get(place)
                .map_or(0, landfall_board::Cell::count)
        };
        let (rows, delivered) = (cell(0), cell(1));
        let same = |sum: &&mut Measured| sum.channel == *channel && sum.platform == platform;
        let sum = match sums.iter_mut().find(same) {
            Some(sum) => sum,
            None => {
                sums.push(Measured {
                    channel: *channel,
                    platform,
                    attempted: 0,
                    failed: 0,
                    delivered: 0,
                });
                let last = sums.len() - 1;
                &mut sums[last]
            }
        };
        sum.attempted += rows;
        sum.failed += if failed { rows } else { 0 };
        sum.delivered += delivered;
    }
    sums
}

/// How often a channel passed on, if that was measured.
pub(super) fn passing(
    measured: &[Measured],
    channel: Channel,
    platform: Option<Platform>,
) -> Option<Passing> {
    let found = measured
        .iter()
        .find(|sum| sum.channel == channel && sum.platform == platform)?;
    Passing::measured(found.attempted, found.failed, found.delivered)
}
