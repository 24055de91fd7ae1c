//! Reading people, their devices' history and what they did.

mod activities;

use landfall_domain::activity::Activity;
use landfall_domain::device::{TokenMove, TokenRecord};
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeviceKey, PersonKey, SegmentId};
use landfall_domain::person::Person;
use landfall_store::{ActivityPage, ActivityQuery, PeopleReader, StoreError};

use crate::PostgresStore;
use crate::row;

impl PeopleReader for PostgresStore {
    fn holder(&self, identifier: &Identifier) -> Result<Option<Holder>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT person FROM identifier
                  WHERE kind = $1 AND sha256(value) = sha256($2::bytea)",
                &[&identifier.kind().name(), &identifier.value().as_bytes()],
            )?;
            rows.first().map(|row| row::holder(row, 0)).transpose()
        })
    }

    fn people(&self, keys: &[PersonKey]) -> Result<Vec<Person>, StoreError> {
        let keys: Vec<i64> = keys.iter().map(|key| i64::from(key.0)).collect();
        self.read(|connection| {
            let rows = connection.query(
                "SELECT person.key, person.body
                   FROM unnest($1::bigint[]) WITH ORDINALITY wanted (key, place)
                   JOIN person USING (key)
                  ORDER BY wanted.place",
                &[&keys],
            )?;
            rows.iter().map(row::person).collect()
        })
    }

    fn people_after(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<Person>, StoreError> {
        let after = row::person_column(after).unwrap_or(-1);
        self.read(|connection| {
            let rows = connection.query(
                "SELECT key, body FROM person WHERE key > $1 ORDER BY key LIMIT $2",
                &[&after, &row::limit(limit)],
            )?;
            rows.iter().map(row::person).collect()
        })
    }

    fn activities(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError> {
        self.read(|connection| activities::page(connection, query))
    }

    fn inputs_of(&self, person: PersonKey) -> Result<Vec<Activity>, StoreError> {
        self.read(|connection| activities::inputs_of(connection, person))
    }

    fn token_moves(&self, device: DeviceKey) -> Result<Vec<TokenMove>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT number, device, from_person, to_person, cause, occurred_at, received_at
                   FROM token_move WHERE device = $1 ORDER BY number",
                &[&i64::from(device.0)],
            )?;
            rows.iter().map(row::token_move).collect()
        })
    }

    fn token_moves_of(&self, person: PersonKey) -> Result<Vec<TokenMove>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT number, device, from_person, to_person, cause, occurred_at, received_at
                   FROM token_move WHERE from_person = $1 OR to_person = $1 ORDER BY number",
                &[&i64::from(person.0)],
            )?;
            rows.iter().map(row::token_move).collect()
        })
    }

    fn tokens(&self, keys: &[DeviceKey]) -> Result<Vec<TokenRecord>, StoreError> {
        let keys: Vec<i64> = keys.iter().map(|key| i64::from(key.0)).collect();
        self.read(|connection| {
            let rows = connection.query(
                "SELECT token.key, token.app, token.platform, token.token, token.owner, token.since
                   FROM unnest($1::bigint[]) WITH ORDINALITY wanted (key, place)
                   JOIN token USING (key)
                  ORDER BY wanted.place",
                &[&keys],
            )?;
            rows.iter().map(row::token).collect()
        })
    }

    fn members(
        &self,
        segment: SegmentId,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<PersonKey>, StoreError> {
        let after = row::person_column(after).unwrap_or(-1);
        self.read(|connection| {
            let rows = connection.query(
                "SELECT person FROM member WHERE segment = $1 AND person > $2
                  ORDER BY person LIMIT $3",
                &[&i64::from(segment), &after, &row::limit(limit)],
            )?;
            rows.iter()
                .map(|row| Ok(PersonKey(row::key("member", row, 0)?)))
                .collect()
        })
    }

    fn member_count(&self, segment: SegmentId) -> Result<u64, StoreError> {
        self.read(|connection| {
            let counted = connection.one(
                "SELECT count(*) FROM member WHERE segment = $1",
                &[&i64::from(segment)],
            )?;
            row::count("member", &counted, 0)
        })
    }
}
