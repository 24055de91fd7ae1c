//! The part of a change set that is about people.

use landfall_domain::activity::PersonInput;
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::working_set::ChangeSet;

use super::{Numbers, latest, number};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::row::{json, person_column};

pub(super) fn write(
    connection: &mut Connection,
    changes: &ChangeSet,
    numbers: &mut Numbers,
) -> Result<(), Failure> {
    people(connection, changes)?;
    identifiers(connection, changes)?;
    tokens(connection, changes)?;
    token_moves(connection, changes, &mut numbers.token_move)?;
    activities(connection, changes, &mut numbers.activity)?;
    memberships(connection, changes)
}

fn people(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let people = latest(&changes.people, |person| person.key);
    if people.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = people
        .iter()
        .map(|person| i64::from(person.key.0))
        .collect();
    let bodies: Vec<String> = people
        .iter()
        .map(|person| json("person", person.as_ref()))
        .collect::<Result<_, _>>()?;
    connection.execute(
        "INSERT INTO person (key, body)
         SELECT * FROM unnest($1::bigint[], $2::text[])
         ON CONFLICT (key) DO UPDATE SET body = excluded.body",
        &[&keys, &bodies],
    )?;
    Ok(())
}

fn identifiers(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let (held, free): (Vec<_>, Vec<_>) = latest(&changes.identifiers, |(identifier, _)| identifier)
        .into_iter()
        .partition(|(_, holder)| holder.is_some());
    if !free.is_empty() {
        let (kinds, values) = columns(&free);
        connection.execute(
            "DELETE FROM identifier
              USING unnest($1::text[], $2::bytea[]) free (kind, value)
              WHERE identifier.kind = free.kind
                AND sha256(identifier.value) = sha256(free.value)",
            &[&kinds, &values],
        )?;
    }
    if !held.is_empty() {
        let (kinds, values) = columns(&held);
        let people: Vec<Option<i64>> = held
            .iter()
            .map(|(_, holder)| match holder {
                Some(Holder::Person(key)) => person_column(Some(*key)),
                Some(Holder::Suppressed) | None => None,
            })
            .collect();
        connection.execute(
            "INSERT INTO identifier (kind, value, person)
             SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[])
             ON CONFLICT (kind, sha256(value)) DO UPDATE SET person = excluded.person",
            &[&kinds, &values, &people],
        )?;
    }
    Ok(())
}

fn columns<'a>(rows: &[&'a (Identifier, Option<Holder>)]) -> (Vec<&'static str>, Vec<&'a [u8]>) {
    rows.iter()
        .map(|(identifier, _)| (identifier.kind().name(), identifier.value().as_bytes()))
        .unzip()
}

fn tokens(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let tokens = latest(&changes.tokens, |record| record.key);
    if tokens.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = tokens
        .iter()
        .map(|record| i64::from(record.key.0))
        .collect();
    let apps: Vec<&[u8]> = tokens
        .iter()
        .map(|record| record.token.app.as_bytes())
        .collect();
    let platforms: Vec<&str> = tokens
        .iter()
        .map(|record| record.token.platform.name())
        .collect();
    let values: Vec<&[u8]> = tokens
        .iter()
        .map(|record| record.token.token.as_bytes())
        .collect();
    let owners: Vec<Option<i64>> = tokens
        .iter()
        .map(|record| person_column(record.owner))
        .collect();
    let since: Vec<i64> = tokens.iter().map(|record| record.since.millis()).collect();
    connection.execute(
        "INSERT INTO token (key, app, platform, token, owner, since)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bytea[], $5::bigint[],
                              $6::bigint[])
         ON CONFLICT (key) DO UPDATE
            SET app = excluded.app, platform = excluded.platform, token = excluded.token,
                owner = excluded.owner, since = excluded.since",
        &[&keys, &apps, &platforms, &values, &owners, &since],
    )?;
    Ok(())
}

fn token_moves(
    connection: &mut Connection,
    changes: &ChangeSet,
    last: &mut i64,
) -> Result<(), Failure> {
    let moves = &changes.token_moves;
    if moves.is_empty() {
        return Ok(());
    }
    let numbers = number(last, moves.len());
    let devices: Vec<i64> = moves.iter().map(|line| i64::from(line.device.0)).collect();
    let from: Vec<Option<i64>> = moves.iter().map(|line| person_column(line.from)).collect();
    let to: Vec<Option<i64>> = moves.iter().map(|line| person_column(line.to)).collect();
    let causes: Vec<&str> = moves.iter().map(|line| line.cause.name()).collect();
    let occurred: Vec<i64> = moves.iter().map(|line| line.occurred_at.millis()).collect();
    let received: Vec<i64> = moves.iter().map(|line| line.received_at.millis()).collect();
    connection.execute(
        "INSERT INTO token_move
                (number, device, from_person, to_person, cause, occurred_at, received_at)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                              $6::bigint[], $7::bigint[])",
        &[
            &numbers, &devices, &from, &to, &causes, &occurred, &received,
        ],
    )?;
    Ok(())
}

fn activities(
    connection: &mut Connection,
    changes: &ChangeSet,
    last: &mut i64,
) -> Result<(), Failure> {
    let activities = &changes.activities;
    if activities.is_empty() {
        return Ok(());
    }
    let numbers = number(last, activities.len());
    let people: Vec<Option<i64>> = activities
        .iter()
        .map(|activity| person_column(activity.person))
        .collect();
    let sources: Vec<&str> = activities
        .iter()
        .map(|activity| activity.source.name())
        .collect();
    let kinds: Vec<&str> = activities
        .iter()
        .map(|activity| activity.input.kind())
        .collect();
    let names: Vec<Option<&[u8]>> = activities
        .iter()
        .map(|activity| match &activity.input {
            PersonInput::Tracked { name, .. } => Some(name.as_bytes()),
            _ => None,
        })
        .collect();
    let occurred: Vec<i64> = activities
        .iter()
        .map(|activity| activity.occurred_at.millis())
        .collect();
    let received: Vec<i64> = activities
        .iter()
        .map(|activity| activity.received_at.millis())
        .collect();
    let bodies: Vec<String> = activities
        .iter()
        .map(|activity| json("activity", &activity.input))
        .collect::<Result<_, _>>()?;
    connection.execute(
        "INSERT INTO activity
                (number, person, source, kind, name, occurred_at, received_at, body)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bytea[],
                              $6::bigint[], $7::bigint[], $8::text[])",
        &[
            &numbers, &people, &sources, &kinds, &names, &occurred, &received, &bodies,
        ],
    )?;
    Ok(())
}

fn memberships(connection: &mut Connection, changes: &ChangeSet) -> Result<(), Failure> {
    let changed = latest(&changes.memberships, |(segment, person, _)| {
        (*segment, *person)
    });
    if changed.is_empty() {
        return Ok(());
    }
    for is_member in [false, true] {
        let (segments, people): (Vec<i64>, Vec<i64>) = changed
            .iter()
            .filter(|(_, _, added)| *added == is_member)
            .map(|(segment, person, _)| (i64::from(*segment), i64::from(person.0)))
            .unzip();
        let sql = if is_member {
            "INSERT INTO member (segment, person)
             SELECT * FROM unnest($1::bigint[], $2::bigint[])
             ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM member
              USING unnest($1::bigint[], $2::bigint[]) gone (segment, person)
              WHERE member.segment = gone.segment AND member.person = gone.person"
        };
        if !segments.is_empty() {
            connection.execute(sql, &[&segments, &people])?;
        }
    }
    Ok(())
}
