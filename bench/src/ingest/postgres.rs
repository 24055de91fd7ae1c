//! The peer: PostgreSQL keeping the same: people by every identifier, devices by token, and each
//! input as an activity of its person. Durable (`synchronous_commit = on`), in its two best forms,
//! over two connections for two cores.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};
use anyhow::Result;

use crate::items::{Item, Mix, attributes, data, token};

const CONNECTIONS: u64 = 2;

const TABLES: &str = "
    DROP TABLE IF EXISTS person, identifier, device, activity;
    CREATE TABLE person (
        id text PRIMARY KEY, attributes jsonb NOT NULL DEFAULT '{}', active timestamptz NOT NULL);
    CREATE TABLE device (
        token text PRIMARY KEY, person text NOT NULL, platform text NOT NULL, last_used bigint NOT NULL);
    CREATE TABLE identifier (
        kind text, value text, person text NOT NULL, PRIMARY KEY (kind, value));
    CREATE TABLE activity (
        number bigserial PRIMARY KEY, person text NOT NULL, kind text NOT NULL, data jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON activity (person);";

const IDENTIFIERS: &str = "
    INSERT INTO identifier
    SELECT DISTINCT ON (kind, value) kind, value, id FROM (
        SELECT 'id' AS kind, id AS value, id FROM {people}
        UNION ALL
        SELECT 'email', attributes::jsonb ->> 'email', id FROM {people}
        WHERE attributes::jsonb ? 'email') AS claimed
    ORDER BY kind, value
    ON CONFLICT (kind, value) DO NOTHING";

const PEOPLE: &str = "
    INSERT INTO person SELECT DISTINCT ON (id) id, attributes::jsonb, now() FROM incoming_person
    ORDER BY id ON CONFLICT (id) DO UPDATE
        SET attributes = person.attributes || excluded.attributes, active = excluded.active";

/// How rows reach the tables.
#[derive(Clone, Copy)]
pub enum Way {
    /// Arrays as parameters of prepared statements.
    Arrays,
    /// COPY into temporary tables, then one statement for each table.
    Copy,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Arrays, Self::Copy];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrays => "arrays",
            Self::Copy => "copy and merge",
        }
    }
}

/// Items a second.
pub fn run(connection: &str, way: Way, batch: usize, length: Duration) -> Result<f64> {
    Client::connect(connection, NoTls)?.batch_execute(TABLES)?;
    let stored = AtomicU64::new(0);
    let start = Instant::now() + Duration::from_secs(2);
    let end = start + length;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|seed| {
                let stored = &stored;
                scope.spawn(move || -> Result<()> {
                    let mut client = Client::connect(connection, NoTls)?;
                    client.batch_execute("SET synchronous_commit = on")?;
                    let mut mix = Mix::new(seed);
                    let made: Vec<Rows> = (0..64).map(|_| Rows::of(&mut mix, batch)).collect();
                    for rows in made.iter().cycle() {
                        match way {
                            Way::Arrays => rows.by_arrays(&mut client)?,
                            Way::Copy => rows.by_copy(&mut client)?,
                        }
                        let now = Instant::now();
                        if now >= end {
                            return Ok(());
                        }
                        if now >= start {
                            stored.fetch_add(batch as u64, Ordering::Relaxed);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for thread in threads {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a connection's thread died"))??;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(stored.load(Ordering::Relaxed) as f64 / length.as_secs_f64())
}

/// A batch by table, sorted, so that two writers never wait for each other in a circle.
#[derive(Default)]
struct Rows {
    people: Vec<(String, String)>,
    activities: Vec<(String, &'static str, String)>,
    devices: Vec<(String, String, i64)>,
}

impl Rows {
    fn of(mix: &mut Mix, length: usize) -> Self {
        let mut rows = Self::default();
        for _ in 0..length {
            match mix.item() {
                Item::Identify { person, orders } => {
                    let attributes = attributes(person, orders);
                    rows.activities
                        .push((format!("p{person}"), "identify", attributes.clone()));
                    rows.people.push((format!("p{person}"), attributes));
                }
                Item::Event { person, product } => {
                    rows.activities
                        .push((format!("p{person}"), "viewed", data(product)));
                    rows.people.push((format!("p{person}"), "{}".to_owned()));
                }
                Item::Device { person, seen } => {
                    let seen = i64::try_from(seen).unwrap_or(i64::MAX);
                    let data = format!(r#"{{"token":"{}"}}"#, token(person));
                    rows.activities.push((format!("p{person}"), "device", data));
                    rows.devices
                        .push((token(person), format!("p{person}"), seen));
                    rows.people.push((format!("p{person}"), "{}".to_owned()));
                }
            }
        }
        // One row for each person and device, as ON CONFLICT demands; attributes win over none.
        rows.people.sort();
        rows.people.reverse();
        rows.people.dedup_by(|b, a| a.0 == b.0);
        rows.people.reverse();
        rows.devices.sort();
        rows.devices.dedup_by(|b, a| a.0 == b.0);
        rows
    }

    fn by_arrays(&self, client: &mut Client) -> Result<()> {
        let mut write = client.transaction()?;
        let people = write.prepare(
            "INSERT INTO person SELECT id, attributes::jsonb, now()
             FROM unnest($1::text[], $2::text[]) AS t (id, attributes)
             ON CONFLICT (id) DO UPDATE
                 SET attributes = person.attributes || excluded.attributes, active = excluded.active",
        )?;
        let (ids, attributes): (Vec<&str>, Vec<&str>) = self
            .people
            .iter()
            .map(|(id, a)| (id.as_str(), a.as_str()))
            .unzip();
        write.execute(&people, &[&ids, &attributes])?;
        let unnested = "unnest($1::text[], $2::text[]) AS t (id, attributes)";
        let identifiers = write.prepare(&IDENTIFIERS.replace("{people}", unnested))?;
        write.execute(&identifiers, &[&ids, &attributes])?;
        let devices = write.prepare(
            "INSERT INTO device SELECT token, person, 'ios', last_used
             FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (token, person, last_used)
             ON CONFLICT (token) DO UPDATE
                 SET person = excluded.person, last_used = excluded.last_used",
        )?;
        let tokens: Vec<&str> = self.devices.iter().map(|d| d.0.as_str()).collect();
        let owners: Vec<&str> = self.devices.iter().map(|d| d.1.as_str()).collect();
        let seen: Vec<i64> = self.devices.iter().map(|d| d.2).collect();
        write.execute(&devices, &[&tokens, &owners, &seen])?;
        let activities = write.prepare(
            "INSERT INTO activity (person, kind, data) SELECT person, kind, data::jsonb
             FROM unnest($1::text[], $2::text[], $3::text[]) AS t (person, kind, data)",
        )?;
        let ids: Vec<&str> = self.activities.iter().map(|a| a.0.as_str()).collect();
        let kinds: Vec<&str> = self.activities.iter().map(|a| a.1).collect();
        let data: Vec<&str> = self.activities.iter().map(|a| a.2.as_str()).collect();
        write.execute(&activities, &[&ids, &kinds, &data])?;
        Ok(write.commit()?)
    }

    fn by_copy(&self, client: &mut Client) -> Result<()> {
        client.batch_execute(
            "CREATE TEMP TABLE IF NOT EXISTS incoming_person (id text, attributes text)
                 ON COMMIT DELETE ROWS;
             CREATE TEMP TABLE IF NOT EXISTS incoming_device (token text, person text, last_used bigint)
                 ON COMMIT DELETE ROWS;",
        )?;
        let mut write = client.transaction()?;
        let mut copy = write.copy_in("COPY incoming_person FROM STDIN")?;
        for (id, attributes) in &self.people {
            writeln!(copy, "{id}\t{attributes}")?;
        }
        copy.finish()?;
        write.execute(PEOPLE, &[])?;
        write.execute(&IDENTIFIERS.replace("{people}", "incoming_person"), &[])?;
        let mut copy = write.copy_in("COPY incoming_device FROM STDIN")?;
        for (token, person, seen) in &self.devices {
            writeln!(copy, "{token}\t{person}\t{seen}")?;
        }
        copy.finish()?;
        write.execute(
            "INSERT INTO device SELECT token, person, 'ios', last_used FROM incoming_device
             ON CONFLICT (token) DO UPDATE
                 SET person = excluded.person, last_used = excluded.last_used",
            &[],
        )?;
        let mut copy = write.copy_in("COPY activity (person, kind, data) FROM STDIN")?;
        for (person, kind, data) in &self.activities {
            writeln!(copy, "{person}\t{kind}\t{data}")?;
        }
        copy.finish()?;
        Ok(write.commit()?)
    }
}
