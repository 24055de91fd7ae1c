//! Updates in any order and number, and what must hold afterwards.

use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::marks::Mark;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::board::Board;
use crate::row::RowUpdate;
use crate::tests::generate::{catalogue, pick, random_query, random_row};
use crate::tests::recount::Rows;
use crate::{Measure, Query, SharedBoard};

/// Some random traffic.
pub(super) fn random_step(rng: &mut SmallRng, board: &mut Board, rows: &mut Rows) {
    let mut key = || DeliveryKey(rng.random_range(0..200));
    let some: Vec<_> = (0..5).map(|_| key()).collect();
    match rng.random_range(0..8) {
        0 => {
            board.remove(&some);
            rows.0
                .retain(|(delivery, _), _| !some.contains(&DeliveryKey(*delivery)));
        }
        1 => {
            let person = PersonKey(rng.random_range(0..30));
            board.move_person(&some, person);
            for row in rows
                .0
                .values_mut()
                .filter(|row| some.contains(&row.delivery))
            {
                row.person = Some(person);
            }
        }
        _ => {
            let updates = random_updates(rng, rows);
            board.apply(&updates);
            updates.iter().for_each(|row| rows.put(row));
        }
    }
}

/// New rows, several of one delivery at once, and rows that are there already with more marks.
fn random_updates(rng: &mut SmallRng, rows: &Rows) -> Vec<RowUpdate> {
    let mut updates = Vec::new();
    for _ in 0..rng.random_range(0..40) {
        let known = rows.sample(rng, 1);
        if let (Some(row), true) = (known.first(), rng.random_bool(0.3)) {
            let mut row = (*row).clone();
            let mark = pick(rng, Mark::ALL);
            row.marks
                .set(mark, row.created.plus_millis(rng.random_range(-9..99_999)));
            updates.push(row);
        } else {
            let delivery = rng.random_range(0..200);
            for _ in 0..rng.random_range(1..3) {
                updates.push(random_row(rng, delivery));
            }
        }
    }
    updates
}

fn same_answers(rng: &mut SmallRng, rows: &Rows, one: &Board, other: &Board) {
    let catalogue = catalogue();
    for _ in 0..20 {
        let query = random_query(rng, rows);
        let answer = one.query(&catalogue, &query, 1).expect("a valid query");
        assert_eq!(
            answer,
            other.query(&catalogue, &query, 1).expect("a valid query")
        );
    }
}

#[test]
fn giving_rows_twice_or_in_another_order_changes_nothing() {
    let mut rng = SmallRng::seed_from_u64(11);
    for _ in 0..40 {
        let mut rows = Rows::default();
        for _ in 0..150 {
            let delivery = rng.random_range(0..200);
            rows.put(&random_row(&mut rng, delivery));
        }
        let mut updates: Vec<RowUpdate> = rows.0.values().cloned().collect();
        let mut one = Board::with_segment_rows(30);
        one.apply(&updates);
        let mut other = Board::with_segment_rows(11);
        updates.shuffle(&mut rng);
        for batch in updates.chunks(7) {
            other.apply(batch);
            other.apply(batch);
        }
        other.apply(&updates);
        assert_eq!(one.rows(), rows.len());
        assert_eq!(other.rows(), rows.len());
        same_answers(&mut rng, &rows, &one, &other);
    }
}

#[test]
fn a_view_stands_still_while_the_board_goes_on() {
    let mut rng = SmallRng::seed_from_u64(12);
    let shared = SharedBoard::new(Board::with_segment_rows(10));
    let (mut board, mut rows) = (Board::with_segment_rows(10), Rows::default());
    let mut views = Vec::new();
    for _ in 0..30 {
        let updates = random_updates(&mut rng, &rows);
        updates.iter().for_each(|row| rows.put(row));
        board.apply(&updates);
        shared.update(|board| board.apply(&updates));
        views.push((shared.view(), rows.clone()));
    }
    let query = Query::all(vec![
        Measure::Rows,
        Measure::Marked(Mark::Sent),
        Measure::Revenue,
    ]);
    for (view, rows) in &views {
        let answer = view.query(&catalogue(), &query, 1).expect("a valid query");
        assert_eq!(answer, rows.recount(&catalogue(), &query));
    }
    same_answers(&mut rng, &rows, &board, &shared.view());
}

#[test]
fn segments_without_rows_free_their_columns() {
    let mut rng = SmallRng::seed_from_u64(13);
    let mut board = Board::with_segment_rows(50);
    let rows: Vec<_> = (0..500)
        .map(|delivery| random_row(&mut rng, delivery))
        .collect();
    board.apply(&rows);
    let full = board.bytes();
    let most: Vec<_> = (0..490).map(DeliveryKey).collect();
    board.remove(&most);
    assert_eq!(board.rows(), 10);
    assert!(
        board.bytes() < full - 5_000,
        "{} of {full} bytes left",
        board.bytes()
    );
}
