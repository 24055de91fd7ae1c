use super::*;
use crate::decompose::Shift;
use crate::decompose::funnel::{Entrance, Funnel, Platform, Steps, Version};
use crate::verdict::{
    Adoption, Contrast, Lookup, Picture, Place, Point, ReasonCount, Slice, judge,
};

struct Nothing;

impl Lookup for Nothing {
    fn place(&self, _: Factor) -> Option<Place> {
        None
    }
    fn series(&self, _: Factor, _: &Slice) -> Vec<Point> {
        Vec::new()
    }
    fn rates(&self, _: Factor, _: &Slice) -> Option<Contrast> {
        None
    }
    fn adoption(&self, _: Factor, _: &str, _: &str) -> Vec<Adoption> {
        Vec::new()
    }
}

fn steps(sent: f64) -> Steps {
    Steps {
        devices: 10_000.0,
        sent,
        delivered: 0.8 * sent,
        opened: 0.08 * sent,
        converted_opened: 0.01 * sent,
        value_opened: 0.5 * sent,
        ..Steps::default()
    }
}

/// A week in which the key was refused for half of the pushes.
fn diagnosis() -> Diagnosis {
    let people = Entrance {
        qualified: 20_000.0,
        covered: 11_000.0,
        eligible: 10_000.0,
    };
    let picture = Picture {
        funnel: Funnel {
            before: people,
            after: people,
            platforms: vec![Platform::of_versions(
                "ios",
                vec![Version {
                    name: "5.1".to_owned(),
                    before: steps(9_800.0),
                    after: steps(5_000.0),
                }],
            )],
        },
        unit: "EUR".to_owned(),
        reasons: vec![ReasonCount {
            reason: Reason::ProviderAuth,
            count: Shift::new(0.0, 4_800.0),
        }],
        rows: Rows(vec![("journey".to_owned(), "campaign:1".to_owned())]),
        ..Picture::default()
    };
    judge(&picture, &Nothing, 1).expect("counts")
}

#[test]
fn what_the_verdict_points_to_comes_first_and_nothing_is_left_out() {
    let runbook = runbook(&diagnosis());
    assert_eq!(runbook.checks.len(), FLOW.len());
    let first = &runbook.checks[0];
    assert_eq!((first.id, first.finding), ("accepted", Finding::Suspect));
    assert!(
        first.steps[0].starts_with("provider_auth: "),
        "{:?}",
        first.steps
    );
    let sent = first
        .figures
        .iter()
        .find(|f| f.name == "sent")
        .expect("sent");
    assert_eq!(
        (sent.before.as_str(), sent.after.as_str()),
        ("98.0 % of 10000", "50.0 % of 10000")
    );
    let numbers: Vec<usize> = runbook.checks.iter().map(|check| check.number).collect();
    assert_eq!(numbers, (1..=FLOW.len()).collect::<Vec<_>>());
    assert!(
        runbook.checks[1..]
            .iter()
            .all(|check| check.finding == Finding::Fine)
    );
}

#[test]
fn markdown_has_boxes_figures_and_links() {
    let diagnosis = diagnosis();
    let text = markdown(
        "Cart Recovery",
        &diagnosis,
        &runbook(&diagnosis),
        &[],
        "/landfall/v1/deliveries",
    );
    assert!(text.starts_with("# Cart Recovery\n\n**Delivery (the provider refuses the key)"));
    assert!(text.contains("- [ ] **1. Do providers take the messages?** The verdict points here."));
    assert!(text.contains("[rows](/landfall/v1/deliveries?journey=campaign:1&has=sent)"));
    assert!(text.contains("| sent | -"));
}

#[test]
fn what_was_ticked_off_is_ticked_and_nothing_else() {
    let diagnosis = diagnosis();
    let runbook = runbook(&diagnosis);
    let step = runbook.checks[0].steps[1].clone();
    let done = [None, Some(step.clone())].map(|step| Done {
        check: "accepted".to_owned(),
        step,
    });
    let text = markdown("Cart Recovery", &diagnosis, &runbook, &done, "/rows");
    assert!(text.contains("- [x] **1. Do providers take the messages?**"));
    assert!(text.contains(&format!("  - [x] {step}\n")));
    assert_eq!(text.matches("[x]").count(), 2, "{text}");
}

#[test]
fn links_are_encoded() {
    let rows = Rows(vec![("name_step".to_owned(), "Push 1 & 2".to_owned())]);
    assert_eq!(query(&rows), "name_step=Push%201%20%26%202");
}
