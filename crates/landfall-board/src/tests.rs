//! The board against a recount: random rows, random updates, random queries.

mod alike;
mod generate;
mod recount;
mod snapshots;
mod updates;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::board::Board;
use crate::tests::generate::{catalogue, random_query, random_search};
use crate::tests::recount::Rows;

/// A board and the plain list of rows that it must agree with, after some random traffic.
fn random_board(rng: &mut SmallRng) -> (Board, Rows) {
    let mut board = Board::with_segment_rows([2, 9, 40, 1_000][rng.random_range(0..4)]);
    let mut rows = Rows::default();
    for _ in 0..rng.random_range(1..8) {
        updates::random_step(rng, &mut board, &mut rows);
    }
    (board, rows)
}

/// Compares many random queries on many random boards.
fn compare(seed: u64, boards: usize, queries: usize) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let catalogue = catalogue();
    let mut filled = 0;
    for _ in 0..boards {
        let (board, rows) = random_board(&mut rng);
        assert_eq!(board.rows(), rows.len(), "number of rows");
        for _ in 0..queries {
            let query = random_query(&mut rng, &rows);
            let threads = rng.random_range(1..4);
            let answer = board
                .query(&catalogue, &query, threads)
                .expect("a valid query");
            let recount = rows.recount(&catalogue, &query);
            assert!(
                answer == recount,
                "seed {seed}: {query:?}\nboard {answer:?}\nrecount {recount:?}"
            );
            filled += usize::from(
                answer
                    .groups
                    .iter()
                    .any(|group| group.cells.iter().any(|cell| cell.count() > 0)),
            );
        }
    }
    // The comparison means something only when enough answers hold something.
    assert!(
        filled * 3 > boards * queries,
        "only {filled} answers with a count"
    );
}

#[test]
fn answers_equal_a_recount_a() {
    compare(1, 50, 60);
}

#[test]
fn answers_equal_a_recount_b() {
    compare(2, 50, 60);
}

#[test]
fn answers_equal_a_recount_c() {
    compare(3, 50, 60);
}

#[test]
fn answers_equal_a_recount_d() {
    compare(4, 50, 60);
}

/// Segments long enough for the inner loops of scans, which take rows by the dozen.
#[test]
fn answers_of_a_long_board_equal_a_recount() {
    let mut rng = SmallRng::seed_from_u64(6);
    let catalogue = catalogue();
    let (mut board, mut rows) = (Board::with_segment_rows(900), Rows::default());
    for delivery in 0..6_000 {
        let row = generate::random_row(&mut rng, delivery);
        board.apply(std::slice::from_ref(&row));
        rows.put(&row);
    }
    for _ in 0..200 {
        let query = random_query(&mut rng, &rows);
        let answer = board.query(&catalogue, &query, 2).expect("a valid query");
        assert_eq!(answer, rows.recount(&catalogue, &query), "{query:?}");
    }
}

#[test]
fn searches_equal_a_recount_page_by_page() {
    let mut rng = SmallRng::seed_from_u64(5);
    let catalogue = catalogue();
    for _ in 0..40 {
        let (board, rows) = random_board(&mut rng);
        for _ in 0..25 {
            let mut search = random_search(&mut rng, &rows);
            for _ in 0..3 {
                let found = board.search(&catalogue, &search).expect("a valid search");
                assert_eq!(found, rows.search(&catalogue, &search), "{search:?}");
                match found.last() {
                    Some(last) => search.after = Some(*last),
                    None => break,
                }
            }
        }
    }
}
