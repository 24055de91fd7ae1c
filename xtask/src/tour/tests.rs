use super::page::{claims, page, part, with_part};
use super::{Asked, Figures, Told, told, worth};

fn figures() -> Figures {
    Figures {
        people: 5_000,
        fault: "token_churn".to_owned(),
        seed: 7,
        release_day: 50,
        told: vec![Told {
            day: 51,
            time: "06:30".to_owned(),
            ..Told::default()
        }],
        problem: "delivery".to_owned(),
        place: "platform ios, app_version 5.2".to_owned(),
        lost: 110.0,
        low: 80.0,
        high: 140.0,
        truth: 100.0,
        asked: vec![Asked {
            command: "landfall incidents".to_owned(),
            answer: "inc-1\n".to_owned(),
        }],
        ..Figures::default()
    }
}

#[test]
fn what_the_demo_says_is_read() {
    let lines = [
        "A shop opens.",
        "day 49: 212 carts, 400 messages, 90 orders, 4000 EUR",
        "day 51, 06:30  inc-1: New: accepted on ios 5.2",
        "               Tokens die.",
        "Messages about carts of the last seven days are worth 123.45 EUR on average.",
    ];
    let lines = lines.map(str::to_owned);
    let read = told(&lines);
    assert_eq!((read.len(), read[0].day), (1, 51));
    assert_eq!(read[0].title, "New: accepted on ios 5.2");
    assert_eq!(read[0].verdict, "Tokens die.");
    assert_eq!(worth(&lines), Some(123.45));
}

#[test]
fn claims_that_do_not_hold_are_named() {
    assert_eq!(claims(&figures()), Vec::<String>::new());
    assert_eq!(figures().delay_hours(), Some(30.5));
    let mut wrong = figures();
    wrong.told[0].day = 20;
    assert_eq!(claims(&wrong).len(), 2);
    let wrong = Figures {
        problem: "offer".to_owned(),
        place: "android".to_owned(),
        truth: 900.0,
        ..figures()
    };
    assert_eq!(claims(&wrong).len(), 3);
}

#[test]
fn the_page_and_the_readme_tell_the_figures() {
    let page = page(&figures());
    for said in [
        "110 EUR (80 to 140)",
        "$ landfall incidents",
        "30 hours",
        "10 % off",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let readme = "a\n<!-- tour: written by `cargo x tour` -->\nstale\n<!-- tour: end -->\nb\n";
    let new = with_part(readme, &part(&figures())).expect("marks");
    assert!(new.starts_with("a\n") && new.ends_with("b\n") && !new.contains("stale"));
    assert!(with_part("no marks", "").is_err());
}
