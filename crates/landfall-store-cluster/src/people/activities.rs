//! Reading activities.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use landfall_domain::activity::Activity;
use landfall_domain::ids::PersonKey;
use landfall_store::{ActivityPage, ActivityQuery, StoredActivity};
use postgres::types::ToSql;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;

/// Most activities on one page.
const PAGE_MAX: usize = 1_000;

/// All activities of one record, oldest first.
pub(super) fn inputs_of(
    connection: &mut Connection,
    person: PersonKey,
) -> Result<Vec<Activity>, Failure> {
    let rows = connection.query(
        "SELECT number, person, occurred_at, received_at, source, body
           FROM activity WHERE person = $1 ORDER BY number",
        &[&i64::from(person.0)],
    )?;
    rows.iter()
        .map(|row| Ok(row::activity(row)?.activity))
        .collect()
}

/// A page of activities, newest first.
pub(super) fn page(
    connection: &mut Connection,
    query: &ActivityQuery,
) -> Result<ActivityPage, Failure> {
    let limit = query.limit.clamp(1, PAGE_MAX);
    let values = Values::of(query, limit);
    let (sql, parameters) = statement(&values);
    let rows = connection.query(&sql, &parameters)?;
    let mut activities: Vec<StoredActivity> = rows
        .iter()
        .map(row::activity)
        .collect::<Result<_, Failure>>()?;
    let more = activities.len() > limit;
    activities.truncate(limit);
    let next = activities.last().filter(|_| more).map(|last| last.number);
    Ok(ActivityPage { activities, next })
}

/// The query in the types of columns.
struct Values<'a> {
    people: Vec<i64>,
    from: Vec<i64>,
    /// As bytes: the caller may ask for what no text column can hold.
    kinds: Vec<&'a [u8]>,
    name: Option<&'a [u8]>,
    since: Option<i64>,
    before: Option<i64>,
    /// One more than asked for tells whether there is more.
    limit: i64,
}

impl<'a> Values<'a> {
    fn of(query: &'a ActivityQuery, limit: usize) -> Self {
        // A record that is asked for twice counts from the earlier moment, and once.
        let mut earliest: BTreeMap<i64, i64> = BTreeMap::new();
        for of in &query.of {
            let from = of.from.millis();
            earliest
                .entry(i64::from(of.person.0))
                .and_modify(|earlier| *earlier = from.min(*earlier))
                .or_insert(from);
        }
        let (people, from) = earliest.into_iter().unzip();
        Self {
            people,
            from,
            kinds: query.kinds.iter().map(|kind| kind.as_bytes()).collect(),
            name: query.name.as_ref().map(|name| name.as_bytes()),
            since: query.since.map(|since| since.millis()),
            before: query.before.map(row::bound),
            limit: row::limit(limit + 1),
        }
    }
}

/// The statement with only the conditions that are asked for, so that each mix has a plan of its
/// own. There are few mixes; their statements stay prepared.
fn statement<'a>(values: &'a Values<'_>) -> (String, Vec<&'a (dyn ToSql + Sync)>) {
    let mut sql = "SELECT activity.number, activity.person, activity.occurred_at, \
                   activity.received_at, activity.source, activity.body FROM activity"
        .to_owned();
    let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::new();
    let mut bind = |value: &'a (dyn ToSql + Sync)| {
        parameters.push(value);
        parameters.len()
    };
    if !values.people.is_empty() {
        let (people, from) = (bind(&values.people), bind(&values.from));
        let _ = write!(
            sql,
            " JOIN unnest(${people}::bigint[], ${from}::bigint[]) history (person, since) \
             ON activity.person = history.person AND activity.occurred_at >= history.since"
        );
    }
    sql.push_str(" WHERE true");
    if !values.kinds.is_empty() {
        let kinds = bind(&values.kinds);
        let _ = write!(
            sql,
            " AND convert_to(kind, 'UTF8') = ANY (${kinds}::bytea[])"
        );
    }
    if let Some(name) = &values.name {
        let _ = write!(sql, " AND sha256(name) = sha256(${}::bytea)", bind(name));
    }
    if let Some(since) = &values.since {
        let _ = write!(sql, " AND received_at >= ${}", bind(since));
    }
    if let Some(before) = &values.before {
        let _ = write!(sql, " AND number < ${}", bind(before));
    }
    let _ = write!(sql, " ORDER BY number DESC LIMIT ${}", bind(&values.limit));
    (sql, parameters)
}
