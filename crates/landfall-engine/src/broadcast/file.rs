//! An audience that comes as a file: taken in parts, so that no file is too long.

use landfall_domain::time::Timestamp;
use landfall_send::Network;
use landfall_send::file_lines::FileLines;
use landfall_store::{DocumentKind, StoreError};

use super::audience::{Audience, PersonalData};
use super::trigger::{Progress, Trigger, TriggerState};
use crate::workspace::Workspace;

/// People in one part.
const PART: usize = 5_000;

/// Reads the file of a trigger and makes a trigger of each part. A file that is read again, as after a
/// crash, makes the same deliveries: nobody gets anything twice.
pub(super) async fn split(
    workspace: &Workspace,
    trigger: &mut Trigger,
    network: &Network,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Audience::File { url, .. } = &trigger.audience else {
        return Ok(());
    };
    let mut file = match FileLines::open(network, url).await {
        Ok(file) => file,
        Err(error) => {
            trigger.complain(error.to_string());
            trigger.end(TriggerState::Failed, now);
            return Ok(());
        }
    };
    let mut people = Vec::new();
    let mut line = 0_u64;
    loop {
        let lines = match file.next().await {
            Ok(Some(lines)) => lines,
            Ok(None) => break,
            Err(error) => {
                trigger.complain(format!("after line {line}: {error}"));
                trigger.end(TriggerState::Failed, now);
                return Ok(());
            }
        };
        for text in lines {
            line += 1;
            match read(&text) {
                Ok(person) => people.push(person),
                Err(problem) => {
                    trigger.progress.left_out += 1;
                    trigger.complain(format!("line {line}: {problem}"));
                }
            }
            if people.len() >= PART {
                part(workspace, trigger, std::mem::take(&mut people)).await?;
            }
        }
    }
    if !people.is_empty() {
        part(workspace, trigger, people).await?;
    }
    trigger.end(TriggerState::Done, now);
    Ok(())
}

fn read(text: &str) -> Result<PersonalData, String> {
    let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    PersonalData::read(&value)
}

async fn part(
    workspace: &Workspace,
    whole: &Trigger,
    people: Vec<PersonalData>,
) -> Result<(), StoreError> {
    let Audience::File {
        ignore_missing,
        duplicates,
        ..
    } = &whole.audience
    else {
        return Ok(());
    };
    let part = Trigger {
        number: 0,
        part_of: Some(whole.number),
        audience: Audience::People {
            people,
            ignore_missing: *ignore_missing,
            duplicates: *duplicates,
        },
        progress: Progress::default(),
        ..whole.clone()
    };
    let body = part.body()?;
    let stored = workspace.read(move |store| store.insert_document(DocumentKind::Trigger, &body));
    stored.await.map(drop)
}
