//! Reading deliveries and facts.

use landfall_domain::delivery::Delivery;
use landfall_domain::fact::Fact;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_store::{DeliveryPage, LedgerReader, StoreError};

use crate::PostgresStore;
use crate::row;

impl LedgerReader for PostgresStore {
    fn delivery(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT key, person, body FROM delivery WHERE sha256(id) = sha256($1::bytea)",
                &[&id.as_bytes()],
            )?;
            rows.first().map(row::delivery).transpose()
        })
    }

    fn deliveries(&self, keys: &[DeliveryKey]) -> Result<Vec<Delivery>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT delivery.key, delivery.person, delivery.body
                   FROM unnest($1::bigint[]) WITH ORDINALITY wanted (key, place)
                   JOIN delivery USING (key)
                  ORDER BY wanted.place",
                &[&numbers(keys)],
            )?;
            rows.iter().map(row::delivery).collect()
        })
    }

    fn deliveries_after(
        &self,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let after = after.map_or(-1, |key| i64::from(key.0));
        self.read(|connection| {
            let rows = connection.query(
                "SELECT key, person, body FROM delivery WHERE key > $1 ORDER BY key LIMIT $2",
                &[&after, &row::limit(limit)],
            )?;
            rows.iter().map(row::delivery).collect()
        })
    }

    fn deliveries_of(
        &self,
        people: &[PersonKey],
        before: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError> {
        let people: Vec<i64> = people.iter().map(|key| i64::from(key.0)).collect();
        let before = before.map_or(i64::MAX, |key| i64::from(key.0));
        let mut deliveries: Vec<Delivery> = self.read(|connection| {
            // One more than asked for tells whether there is more.
            let rows = connection.query(
                "SELECT key, person, body FROM delivery
                  WHERE person = ANY ($1::bigint[]) AND key < $2
                  ORDER BY key DESC LIMIT $3",
                &[&people, &before, &row::limit(limit.saturating_add(1))],
            )?;
            rows.iter().map(row::delivery).collect()
        })?;
        let more = deliveries.len() > limit;
        deliveries.truncate(limit);
        let next = deliveries.last().filter(|_| more).map(|last| last.key);
        Ok(DeliveryPage { deliveries, next })
    }

    fn facts(&self, deliveries: &[DeliveryKey]) -> Result<Vec<Fact>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT fact.number, fact.body
                   FROM unnest($1::bigint[]) WITH ORDINALITY wanted (delivery, place)
                   JOIN fact USING (delivery)
                  ORDER BY wanted.place, fact.number",
                &[&numbers(deliveries)],
            )?;
            rows.iter().map(row::fact).collect()
        })
    }

    fn changed_since(
        &self,
        fact: u64,
        limit: usize,
    ) -> Result<(Vec<DeliveryKey>, u64), StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT number, delivery FROM fact WHERE number > $1 ORDER BY number LIMIT $2",
                &[&row::bound(fact), &row::limit(limit)],
            )?;
            let last = match rows.last() {
                Some(row) => row::count("fact", row, 0)?,
                None => fact,
            };
            let mut keys: Vec<DeliveryKey> = rows
                .iter()
                .map(|row| Ok(DeliveryKey(row::key("fact", row, 1)?)))
                .collect::<Result<_, crate::failure::Failure>>()?;
            keys.sort_unstable();
            keys.dedup();
            Ok((keys, last))
        })
    }

    fn facts_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, Fact)>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT number, body FROM fact WHERE number > $1 ORDER BY number LIMIT $2",
                &[&row::bound(after), &row::limit(limit)],
            )?;
            rows.iter()
                .map(|row| Ok((row::count("fact", row, 0)?, row::fact(row)?)))
                .collect()
        })
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT delivery_id, count(*) FROM waiting
                  GROUP BY delivery_id ORDER BY delivery_id LIMIT $1",
                &[&row::limit(limit)],
            )?;
            rows.iter()
                .map(|row| {
                    Ok((
                        row::text("waiting", row, 0)?,
                        row::count("waiting", row, 1)?,
                    ))
                })
                .collect()
        })
    }
}

fn numbers(keys: &[DeliveryKey]) -> Vec<i64> {
    keys.iter().map(|key| i64::from(key.0)).collect()
}
