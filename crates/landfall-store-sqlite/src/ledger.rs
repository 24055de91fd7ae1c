//! Reading deliveries and facts.

use landfall_domain::delivery::Delivery;
use landfall_domain::fact::Fact;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_store::{DeliveryPage, LedgerReader, StoreError};

use crate::open::{SqliteStore, failed};
use crate::row::{self, DELIVERY_COLUMNS};

impl LedgerReader for SqliteStore {
    fn delivery(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        let sql = format!("SELECT {DELIVERY_COLUMNS} FROM delivery WHERE id = ?1");
        self.ask(|connection| Ok(row::all(connection, &sql, [id], row::delivery)?.pop()))
    }

    fn deliveries(&self, keys: &[DeliveryKey]) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!("SELECT {DELIVERY_COLUMNS} FROM delivery WHERE key = ?1");
        self.ask(|connection| {
            let mut deliveries = Vec::with_capacity(keys.len());
            for key in keys {
                deliveries.extend(row::all(connection, &sql, [key.0], row::delivery)?);
            }
            Ok(deliveries)
        })
    }

    fn deliveries_after(
        &self,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let after = after.map_or(-1, |key| i64::from(key.0));
        let sql =
            format!("SELECT {DELIVERY_COLUMNS} FROM delivery WHERE key > ?1 ORDER BY key LIMIT ?2");
        self.ask(|connection| {
            row::all(
                connection,
                &sql,
                (after, row::bounded(limit)),
                row::delivery,
            )
        })
    }

    fn deliveries_of(
        &self,
        people: &[PersonKey],
        before: Option<DeliveryKey>,
        limit: usize,
    ) -> Result<DeliveryPage, StoreError> {
        let before = before.map_or(i64::MAX, |key| i64::from(key.0));
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS} FROM delivery WHERE person = ?1 AND key < ?2
             ORDER BY key DESC LIMIT ?3"
        );
        let mut deliveries = self.ask(|connection| {
            let mut found = Vec::new();
            for person in people {
                let parameters = (person.0, before, row::bounded(limit).saturating_add(1));
                found.extend(row::all(connection, &sql, parameters, row::delivery)?);
            }
            Ok(found)
        })?;
        deliveries.sort_unstable_by_key(|delivery| std::cmp::Reverse(delivery.key));
        deliveries.dedup_by_key(|delivery| delivery.key);
        let more = deliveries.len() > limit;
        deliveries.truncate(limit);
        let next = deliveries.last().filter(|_| more).map(|last| last.key);
        Ok(DeliveryPage { deliveries, next })
    }

    fn deliveries_of_each(&self, people: &[PersonKey]) -> Result<Vec<Vec<Delivery>>, StoreError> {
        let sql =
            format!("SELECT {DELIVERY_COLUMNS} FROM delivery WHERE person = ?1 ORDER BY key DESC");
        self.ask_histories(|connection| {
            let each = people
                .iter()
                .map(|person| row::all(connection, &sql, [person.0], row::delivery));
            each.collect()
        })
    }

    fn facts(&self, deliveries: &[DeliveryKey]) -> Result<Vec<Fact>, StoreError> {
        let sql = "SELECT number, body FROM fact WHERE delivery = ?1 ORDER BY number";
        self.ask(|connection| {
            let mut facts = Vec::new();
            for key in deliveries {
                facts.extend(row::all(connection, sql, [key.0], |row| {
                    row::body("fact", row)
                })?);
            }
            Ok(facts)
        })
    }

    fn changed_since(
        &self,
        fact: u64,
        limit: usize,
    ) -> Result<(Vec<DeliveryKey>, u64), StoreError> {
        let sql = "SELECT number, delivery FROM fact WHERE number > ?1 ORDER BY number LIMIT ?2";
        let rows: Vec<(u64, u32)> = self.ask(|connection| {
            let parameters = (row::bounded(fact), row::bounded(limit));
            row::all(connection, sql, parameters, |row| {
                Ok((row.get(0).map_err(failed)?, row.get(1).map_err(failed)?))
            })
        })?;
        let last = rows.last().map_or(fact, |(number, _)| *number);
        let mut keys: Vec<DeliveryKey> = rows.iter().map(|(_, key)| DeliveryKey(*key)).collect();
        keys.sort_unstable();
        keys.dedup();
        Ok((keys, last))
    }

    fn facts_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, Fact)>, StoreError> {
        let sql = "SELECT number, body FROM fact WHERE number > ?1 ORDER BY number LIMIT ?2";
        self.ask(|connection| {
            let parameters = (row::bounded(after), row::bounded(limit));
            row::all(connection, sql, parameters, |row| {
                let number = row.get(0).map_err(failed)?;
                Ok((number, row::body("fact", row)?))
            })
        })
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT delivery_id, count(*) FROM quarantine GROUP BY delivery_id
                   ORDER BY delivery_id LIMIT ?1";
        self.ask(|connection| {
            row::all(connection, sql, [row::bounded(limit)], |row| {
                Ok((row.get(0).map_err(failed)?, row.get(1).map_err(failed)?))
            })
        })
    }
}
