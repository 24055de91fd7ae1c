use landfall_domain::input::{Body, Source};

use super::*;

/// A submission of so many inputs, known again by their number.
fn job(inputs: usize, patient: bool) -> Job {
    let input = Input {
        source: Source::Landfall,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body: Body::Name { names: Vec::new() },
    };
    let (reply, _) = oneshot::channel();
    Job {
        inputs: std::sync::Arc::new(vec![input; inputs]),
        reply,
        by_task: false,
        patient,
    }
}

/// The batches that come of these submissions, each as the sizes of its jobs.
fn batches(submitted: impl IntoIterator<Item = Job>) -> Vec<Vec<usize>> {
    let (queue, mut jobs) = mpsc::channel(1_000);
    for job in submitted {
        queue.try_send(job).expect("there is room");
    }
    drop(queue);
    let mut waiting = Waiting::default();
    let batches = std::iter::from_fn(|| waiting.next(&mut jobs));
    let sizes = |batch: Vec<Job>| batch.iter().map(|job| job.inputs.len()).collect();
    batches.map(sizes).collect()
}

#[test]
fn what_somebody_waits_for_goes_before_what_nobody_waits_for() {
    let submitted = [job(500, true), job(500, true), job(1, false), job(2, false)];
    assert_eq!(batches(submitted), [vec![1, 2], vec![500, 500]]);
}

#[test]
fn neither_row_stands_still_while_the_other_is_full() {
    let prompt = (0..3).map(|_| job(BATCH_MAX, false));
    let patient = (0..2).map(|_| job(PATIENT_MAX, true));
    let taken = batches(patient.chain(prompt));
    let (p, b) = (vec![PATIENT_MAX], vec![BATCH_MAX]);
    assert_eq!(taken, [b.clone(), p.clone(), b.clone(), p, b]);
}

#[test]
fn a_batch_is_bounded_and_keeps_the_order_of_submission() {
    let submitted = (1..=100).map(|inputs| job(inputs, false));
    let taken = batches(submitted);
    assert!(taken.iter().all(|batch| {
        let last = batch.last().copied().unwrap_or_default();
        batch.iter().sum::<usize>() < BATCH_MAX + last
    }));
    assert_eq!(taken.concat(), (1..=100).collect::<Vec<_>>());
}
