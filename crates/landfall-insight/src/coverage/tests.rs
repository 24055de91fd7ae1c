use super::*;
use crate::draws::Draws;

#[test]
fn everybody_is_lost_once_or_within_reach() {
    let counts = [100, 200, 50, 150, 25, 75];
    let found = waterfall(1_000, counts).expect("it adds up");
    assert_eq!(found.reachable, 400);
    assert_eq!(found.coverage.value, Some(0.4));
    let lost: u64 = found.rungs.iter().map(|rung| rung.lost).sum();
    assert_eq!(lost + found.reachable, found.active);
    let mut before = found.active;
    for rung in &found.rungs {
        assert_eq!((rung.before, rung.after), (before, before - rung.lost));
        before = rung.after;
    }
    let wrong = waterfall(100, [60, 60, 0, 0, 0, 0]).expect_err("more are lost than came");
    assert!(
        wrong.to_string().contains("60 people are lost at token"),
        "{wrong}"
    );
    assert_eq!(waterfall(0, [0; 6]).expect("nobody").coverage.value, None);
}

#[test]
fn flows_explain_the_difference_of_two_weeks() {
    let flow = |from, to, people| Flow { from, to, people };
    let week = flows(&[
        flow(Place::Reachable, Place::Reachable, 900),
        flow(Place::Reachable, Place::LostAt(Step::Valid), 60),
        flow(Place::Reachable, Place::Outside, 10),
        flow(Place::LostAt(Step::Permission), Place::Reachable, 20),
        flow(Place::Outside, Place::Reachable, 30),
        flow(Place::Outside, Place::LostAt(Step::Token), 5),
        flow(Place::LostAt(Step::Token), Place::LostAt(Step::Token), 0),
    ]);
    let of = |place| {
        *week
            .places
            .iter()
            .find(|(p, ..)| *p == place)
            .expect("a place")
    };
    assert_eq!(of(Place::Reachable), (Place::Reachable, 970, 950, -20));
    assert_eq!(of(Place::LostAt(Step::Valid)).3, 60);
    let into: i64 = week.gained.iter().map(|f| f.people as i64).sum();
    let out: i64 = week.lost.iter().map(|f| f.people as i64).sum();
    assert_eq!(into - out, -20);
    assert_eq!(week.lost[0].to, Place::LostAt(Step::Valid));
    let net: i64 = week.places.iter().map(|(.., change)| change).sum();
    assert_eq!(net, 0, "nobody appears or disappears");
}

const PER_PERSON: Amount = Amount {
    estimate: 2.0,
    low: 1.0,
    high: 3.0,
};

#[test]
fn a_gap_is_worth_those_who_would_pass_the_rest() {
    let found = waterfall(10_000, [1_000, 0, 3_000, 0, 0, 3_000]).expect("it adds up");
    let worth = Worth {
        per_person: PER_PERSON,
        engagement: 0.5,
    };
    let gaps = gap_worths(&found, &worth);
    // Of the 3,000 without a valid token half would be stale; of the 3,000 stale ones all would reach.
    let steps: Vec<Step> = gaps.iter().map(|gap| gap.step).collect();
    assert_eq!(steps, vec![Step::NotStale, Step::Valid, Step::AppKnown]);
    assert!((gaps[0].worth.estimate - 3_000.0).abs() < 1e-9);
    assert!((gaps[1].would_reach - 1_500.0).abs() < 1e-9);
    assert!((gaps[1].worth.estimate - 1_500.0).abs() < 1e-9);
    for gap in &gaps {
        // The interval is a little wider than that of the revenue per person alone.
        let alone = 0.5 * gap.worth.estimate;
        assert!(
            gap.worth.estimate - gap.worth.low >= alone - 1e-9,
            "{gap:?}"
        );
        assert!(gap.worth.high - gap.worth.estimate < 1.1 * alone, "{gap:?}");
    }
}

#[test]
fn the_interval_of_a_gap_holds_the_truth() {
    let mut draws = Draws::seeded(61);
    let mut inside = 0;
    for _ in 0..400 {
        // True shares 0.7 and 0.6 of the later steps, 200 people lost here; 2 each within reach.
        let stay = draws.binomial(800, 0.7);
        let reach = draws.binomial(stay, 0.6);
        let counts = [200, 0, 0, 0, 800 - stay, stay - reach];
        let found = waterfall(1_000, counts).expect("it adds up");
        let spent = 2.0 + 0.1 * draws.normal();
        let per_person = Amount {
            estimate: spent,
            low: spent - 0.196,
            high: spent + 0.196,
        };
        let worth = Worth {
            per_person,
            engagement: 1.0,
        };
        let gaps = gap_worths(&found, &worth);
        let gap = gaps
            .iter()
            .find(|gap| gap.step == Step::AppKnown)
            .expect("a gap");
        let truth = 200.0 * 0.7 * 0.6 * 2.0;
        inside += usize::from(gap.worth.low <= truth && truth <= gap.worth.high);
    }
    assert!((368..=392).contains(&inside), "{inside} of 400 at 95 %");
}

#[test]
fn identity_problems_are_ordered_by_the_people_they_cost() {
    let problem = |kind, count, people| IdentityProblem {
        kind,
        count,
        people,
        at_risk: None,
        examples: vec!["ann".to_owned()],
        repair: None,
    };
    let report = identity_report(
        vec![
            problem(Kind::TwoOwners, 0, 0),
            problem(Kind::DoubleRegistration, 40, 0),
            problem(Kind::StrandedToken, 300, 120),
            problem(Kind::MergeLostToken, 9, 9),
        ],
        Some(PER_PERSON),
    );
    let kinds: Vec<Kind> = report.problems.iter().map(|p| p.kind).collect();
    let wanted = [
        Kind::StrandedToken,
        Kind::MergeLostToken,
        Kind::DoubleRegistration,
    ];
    assert_eq!(kinds, wanted);
    let at_risk = report.problems[0].at_risk.expect("people are out of reach");
    assert!((at_risk.estimate - 240.0).abs() < 1e-9 && at_risk.high > at_risk.low);
    assert_eq!(report.problems[2].at_risk, None, "they are reached twice");
}
