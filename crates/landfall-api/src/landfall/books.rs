//! The conservation check: what reached a step equals the sum of the outcomes.

use landfall_board::{CountBy, Dimension, Group, Measure, MessageInfo, Query, Value};
use serde::Serialize;
use std::collections::BTreeMap;

use super::dimension;

/// The books of all journeys and steps in a range.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Books {
    /// One line for each step of each journey.
    pub lines: Vec<BookLine>,
    /// Deliveries that reached any step.
    pub reached: u64,
    /// Sum of all outcomes.
    pub accounted: u64,
    /// `reached - accounted` over all lines, each taken as positive: 0 when the books balance.
    pub difference: u64,
    /// Deliveries in the store; the board must show as many over all time.
    pub stored: Option<u64>,
    /// Whether the board held everything that the ledger holds when this was answered.
    pub complete: bool,
}

/// One step.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BookLine {
    /// The journey, such as `campaign:31`.
    pub journey: String,
    /// Its name.
    pub journey_name: Option<String>,
    /// The step's number, or `none`.
    pub step: String,
    /// Its name.
    pub step_name: Option<String>,
    /// Deliveries that reached the step, counted by themselves.
    pub reached: u64,
    /// Deliveries by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Reached minus the sum of outcomes: 0 when the line balances.
    pub difference: i64,
}

/// Two independent counts for the same rows: by step, and by step and outcome.
pub fn queries(base: &Query) -> [Query; 2] {
    let reached = Query {
        group_by: vec![Dimension::Journey, Dimension::Step],
        measures: vec![Measure::Rows],
        count_by: CountBy::Delivery,
        ..base.clone()
    };
    let outcomes = Query {
        group_by: vec![Dimension::Journey, Dimension::Step, Dimension::Outcome],
        ..reached.clone()
    };
    [reached, outcomes]
}

/// Puts the two counts beside each other.
pub fn balance(
    reached: &[Group],
    outcomes: &[Group],
    messages: &[MessageInfo],
    stored: Option<u64>,
    complete: bool,
) -> Books {
    let mut by_step: BTreeMap<Vec<Value>, BTreeMap<String, u64>> = BTreeMap::new();
    for group in outcomes {
        let [journey, step, outcome] = group.key.as_slice() else {
            continue;
        };
        let name = dimension::text(Dimension::Outcome, outcome);
        let count = group.cells.first().map_or(0, landfall_board::Cell::count);
        by_step
            .entry(vec![journey.clone(), step.clone()])
            .or_default()
            .insert(name, count);
    }
    let mut lines: Vec<BookLine> = reached
        .iter()
        .map(|group| {
            let count = group.cells.first().map_or(0, landfall_board::Cell::count);
            line(
                &group.key,
                count,
                by_step.remove(&group.key).unwrap_or_default(),
                messages,
            )
        })
        .collect();
    // Outcomes without anybody who reached the step would be a difference too.
    lines.extend(
        by_step
            .into_iter()
            .map(|(key, outcomes)| line(&key, 0, outcomes, messages)),
    );
    let reached: u64 = lines.iter().map(|line| line.reached).sum();
    Books {
        reached,
        accounted: lines.iter().flat_map(|line| line.outcomes.values()).sum(),
        difference: lines
            .iter()
            .map(|line| line.difference.unsigned_abs())
            .sum(),
        lines,
        stored,
        complete,
    }
}

fn line(
    key: &[Value],
    reached: u64,
    outcomes: BTreeMap<String, u64>,
    messages: &[MessageInfo],
) -> BookLine {
    let (journey, step) = (&key[0], &key[1]);
    let accounted: u64 = outcomes.values().sum();
    BookLine {
        journey: dimension::text(Dimension::Journey, journey),
        journey_name: dimension::label(Dimension::Journey, journey, None, messages),
        step: dimension::text(Dimension::Step, step),
        step_name: dimension::label(Dimension::Step, step, Some(journey), messages),
        reached,
        outcomes,
        difference: i64::try_from(reached).unwrap_or(i64::MAX)
            - i64::try_from(accounted).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_board::Cell;
    use landfall_domain::message::SourceKind;

    fn group(outcome: Option<u16>, count: u64) -> Group {
        let mut key = vec![Value::Source(SourceKind::Campaign, 31), Value::Number(7)];
        key.extend(outcome.map(Value::Code));
        Group {
            key,
            cells: vec![Cell::Count(count)],
        }
    }

    #[test]
    fn a_lost_delivery_shows_as_a_difference() {
        let outcomes = [group(Some(1), 6), group(Some(2), 3)];
        let balanced = balance(&[group(None, 9)], &outcomes, &[], Some(9), true);
        assert_eq!(
            (balanced.reached, balanced.accounted, balanced.difference),
            (9, 9, 0)
        );
        let lost = balance(&[group(None, 10)], &outcomes, &[], Some(10), true);
        assert_eq!(lost.difference, 1);
        assert_eq!(lost.lines[0].difference, 1);
        let ghost = balance(&[], &outcomes, &[], None, true);
        assert_eq!(ghost.difference, 9);
    }

    #[test]
    fn a_step_bears_the_name_that_it_has_in_its_own_journey() {
        let info = |source_id, name: &str| MessageInfo {
            source: SourceKind::Campaign,
            source_id,
            step_id: Some(7),
            variant_id: None,
            channel: landfall_domain::channel::Channel::Push,
            source_name: None,
            step_name: Some(name.to_owned()),
            variant_name: None,
            parts: Default::default(),
        };
        let messages = [info(30, "Other"), info(31, "Reminder")];
        let books = balance(
            &[group(None, 1)],
            &[group(Some(1), 1)],
            &messages,
            None,
            true,
        );
        assert_eq!(books.lines[0].step_name.as_deref(), Some("Reminder"));
        let alone = dimension::label(Dimension::Step, &Value::Number(7), None, &messages);
        assert_eq!(alone, None, "two journeys have a step of that number");
    }
}

/// The conservation check: everything that reached a step, against the sum of the outcomes.
#[utoipa::path(
    get,
    path = "/landfall/v1/books",
    operation_id = "getBooks",
    params(
        ("range" = Option<String>, Query, description = "`7d`, `yesterday`, `2026-11-01..`; everything if left out"),
        ("journey" = Option<String>, Query, description = "Only this journey; every dimension is a filter"),
    ),
    responses(
        (status = 200, body = Books),
        (status = 400, body = super::problem::ProblemBody),
        (status = 401, body = super::problem::ProblemBody),
    ),
    tag = "metrics"
)]
pub(crate) async fn get(
    visit: super::visit::Visit,
) -> Result<axum::Json<Books>, super::problem::Problem> {
    use super::question::Question;
    let catalogue = visit.workspace.catalogue();
    let question = Question::read(
        &visit.parameters,
        &[],
        catalogue.infos(),
        visit.workspace.now(),
    )?;
    let [reached, outcomes] = queries(&question.query());
    let (workspace, names) = (visit.workspace.clone(), std::sync::Arc::clone(&catalogue));
    let (reached, outcomes) = super::board(move || {
        let reached = workspace
            .board()
            .view()
            .query(names.infos(), &reached, super::threads())?;
        let outcomes =
            workspace
                .board()
                .view()
                .query(names.infos(), &outcomes, super::threads())?;
        Ok::<_, landfall_board::QueryError>((reached, outcomes))
    })
    .await??;
    let everything = question.filter.0.is_empty()
        && question.range.start.is_none()
        && question.range.end.is_none();
    let stored = if everything {
        Some(
            visit
                .workspace
                .read(|store| store.start())
                .await?
                .next
                .delivery
                .into(),
        )
    } else {
        None
    };
    let complete = visit.complete();
    Ok(axum::Json(balance(
        &reached.groups,
        &outcomes.groups,
        catalogue.infos(),
        stored,
        complete,
    )))
}
