//! Exports as CSV (RFC 4180). The columns are documented in `docs/api/app.md`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufWriter;

use csv::{Terminator, Writer, WriterBuilder};
use landfall_audience::{Filter, field, fields};
use landfall_domain::delivery::Delivery;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::status::{Outcome, customerio_status, outcome};

use super::{Deliveries, What};
use crate::routes::app::messages::{Surroundings, failure};
use crate::routes::app::names::channel_name;
use crate::routes::app::people::each_passing;
use crate::routes::app::refusal::Refusal;
use crate::routes::app::view::View;

/// Columns of every person; attributes follow by name.
const PERSON: [&str; 6] = [
    "id",
    "email",
    "phone",
    "cio_id",
    "created_at",
    "unsubscribed",
];

/// Columns of every delivery before the marks; attributes follow after them.
const DELIVERY: [&str; 18] = [
    "delivery_id",
    "type",
    "campaign_id",
    "broadcast_id",
    "newsletter_id",
    "transactional_message_id",
    "name",
    "action_id",
    "action_name",
    "content_id",
    "journey_id",
    "customer_id",
    "email",
    "cio_id",
    "recipient",
    "subject",
    "status",
    "failure_message",
];

/// Marks of every delivery, each a column with the second of its first time.
const MARKS: [Mark; 19] = [
    Mark::Created,
    Mark::Drafted,
    Mark::Attempted,
    Mark::Sent,
    Mark::Delivered,
    Mark::Opened,
    Mark::HumanOpened,
    Mark::PrefetchOpened,
    Mark::Clicked,
    Mark::HumanClicked,
    Mark::PrefetchClicked,
    Mark::Converted,
    Mark::Bounced,
    Mark::Dropped,
    Mark::Deferred,
    Mark::Failed,
    Mark::Undeliverable,
    Mark::Spammed,
    Mark::Unsubscribed,
];

type Csv<'f> = Writer<BufWriter<&'f File>>;

/// Writes the file; returns how many rows follow the header.
pub(super) fn write(view: &View, what: &What, file: &File) -> Result<u64, String> {
    let mut csv = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(BufWriter::new(file));
    let total = match what {
        What::Customers { filter } => customers(view, filter, &mut csv),
        What::Deliveries(wanted) => deliveries(view, wanted, &mut csv),
    }
    .map_err(|refusal| refusal.to_string())?;
    csv.flush()
        .map_err(|error| format!("the file cannot be written: {error}"))?;
    Ok(total)
}

fn row<'c>(csv: &mut Csv<'_>, cells: impl IntoIterator<Item = &'c str>) -> Result<(), Refusal> {
    csv.write_record(cells)
        .map_err(|error| Refusal::unavailable(format!("the file cannot be written: {error}")))
}

fn customers(view: &View, filter: &Filter, csv: &mut Csv<'_>) -> Result<u64, Refusal> {
    // The header names every attribute that anybody has, so everybody is looked at twice. An
    // attribute that appears in between waits for the next export.
    let mut attributes: BTreeSet<String> = BTreeSet::new();
    each_passing(view, filter, None, |person| {
        let names = fields(&person)
            .into_keys()
            .filter(|name| !PERSON.contains(name));
        attributes.extend(names.map(str::to_owned));
        Ok(true)
    })?;
    row(
        csv,
        PERSON
            .into_iter()
            .chain(attributes.iter().map(String::as_str)),
    )?;
    let mut total = 0;
    each_passing(view, filter, None, |person| {
        let names = PERSON
            .into_iter()
            .chain(attributes.iter().map(String::as_str));
        let cells: Vec<_> = names
            .map(|name| field(&person, name).unwrap_or_default())
            .collect();
        row(csv, cells.iter().map(AsRef::as_ref))?;
        total += 1;
        Ok(true)
    })?;
    Ok(total)
}

fn deliveries(view: &View, wanted: &Deliveries, csv: &mut Csv<'_>) -> Result<u64, Refusal> {
    let marks = MARKS.iter().map(|mark| mark.name());
    let attributes = wanted.attributes.iter().map(String::as_str);
    row(csv, DELIVERY.into_iter().chain(marks).chain(attributes))?;
    let mut total = 0;
    view.each(&wanted.wanted()?, |view, deliveries| {
        let around = Surroundings::load(view, deliveries)?;
        for delivery in deliveries {
            let cells = cells(view, delivery, &around, &wanted.attributes);
            row(csv, cells.iter().map(String::as_str))?;
            total += 1;
        }
        Ok(())
    })?;
    Ok(total)
}

fn cells(
    view: &View,
    delivery: &Delivery,
    around: &Surroundings,
    attributes: &[String],
) -> Vec<String> {
    let person = delivery.person.and_then(|key| around.people.get(&key));
    let message = view.catalogue.message(delivery.message);
    let source = |kind| text(message.filter(|m| m.source == kind).map(|m| m.source_id));
    let of_person = |name| {
        person
            .and_then(|person| field(person, name))
            .unwrap_or_default()
    };
    let said = |said: &Option<landfall_domain::delivery::Said>| {
        said.as_ref()
            .map(|said| said.text.clone())
            .unwrap_or_default()
    };
    let mut cells = vec![
        delivery.id.clone(),
        channel_name(delivery.channel).to_owned(),
        source(SourceKind::Campaign),
        source(SourceKind::Broadcast),
        source(SourceKind::Newsletter),
        source(SourceKind::Transactional),
        message
            .and_then(|m| view.catalogue.journey_name(m))
            .unwrap_or_default()
            .to_owned(),
        text(message.and_then(|m| m.step_id)),
        message
            .and_then(|m| view.catalogue.step_name(m))
            .unwrap_or_default()
            .to_owned(),
        text(message.and_then(|m| m.variant_id)),
        said(&delivery.about.run),
        of_person("id").into_owned(),
        of_person("email").into_owned(),
        of_person("cio_id").into_owned(),
        around.recipient(delivery).unwrap_or_default(),
        said(&delivery.about.subject),
        customerio_status(delivery).name().to_owned(),
        failure(delivery).unwrap_or_default(),
    ];
    let marks = delivery.view();
    let expired = (outcome(delivery) == Outcome::Expired).then(|| marks.at(Mark::Expired));
    cells.extend(MARKS.into_iter().map(|mark| {
        let also = expired.flatten().filter(|_| mark == Mark::Failed);
        text(marks.at(mark).or(also).map(|at| at.seconds()))
    }));
    cells.extend(attributes.iter().map(|name| of_person(name).into_owned()));
    cells
}

fn text(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
