//! Rows that are alike, against a recount.

use std::collections::BTreeMap;

use landfall_domain::marks::Mark;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::generate::{self, catalogue};
use super::recount::{Rows, inside, passes};
use crate::{Alike, Board, Earned, RowUpdate};

/// Everything that makes rows alike, as text, and what is summed.
type Sums = BTreeMap<String, (u64, i64)>;

fn key(message: u32, device: bool, first: bool, rest: &dyn std::fmt::Debug, marks: u32) -> String {
    format!("{message} {device} {first} {rest:?} {marks}")
}

fn of_board(groups: &[Alike]) -> Sums {
    let mut sums = Sums::new();
    for group in groups {
        let marks = Mark::ALL
            .iter()
            .filter(|mark| group.has(**mark))
            .fold(0, |bits, mark| bits | mark.bit());
        let rest = (&group.dims, group.fate);
        let key = key(
            group.message.0,
            group.has_device,
            group.is_first,
            &rest,
            marks,
        );
        let minor = group.revenue.iter().map(|earned| earned.minor).sum();
        let known = sums.insert(key, (group.rows, minor));
        assert_eq!(known, None, "each combination comes once");
    }
    sums
}

fn of_rows<'r>(rows: impl Iterator<Item = &'r RowUpdate>) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        let rest = (&row.dims, row.fate);
        let key = key(
            row.message.0,
            row.device.is_some(),
            row.target == 0,
            &rest,
            row.marks.bits(),
        );
        let sum = sums.entry(key).or_default();
        sum.0 += 1;
        sum.1 += row.revenue.map_or(0, |revenue| revenue.minor);
    }
    sums
}

/// What all groups earned together.
fn all_earned(groups: &[Alike]) -> Vec<Earned> {
    let mut sums: Vec<Earned> = Vec::new();
    for earned in groups.iter().flat_map(|group| &group.revenue) {
        match sums.iter_mut().find(|sum| sum.currency == earned.currency) {
            Some(sum) => {
                sum.rows += earned.rows;
                sum.minor += earned.minor;
                sum.squares += earned.squares;
            }
            None => sums.push(*earned),
        }
    }
    sums
}

fn in_order(earned: Vec<Earned>) -> BTreeMap<String, (u64, i64, u64)> {
    let figures = earned.into_iter().map(|earned| {
        let figures = (earned.rows, earned.minor, earned.squares as u64);
        (earned.currency.letters().to_owned(), figures)
    });
    figures.collect()
}

#[test]
fn rows_that_are_alike_equal_a_recount() {
    let mut rng = SmallRng::seed_from_u64(8);
    let catalogue = catalogue();
    let (mut board, mut rows) = (Board::with_segment_rows(300), Rows::default());
    for delivery in 0..2_000 {
        let row = generate::random_row(&mut rng, delivery);
        board.apply(std::slice::from_ref(&row));
        rows.put(&row);
    }
    let mut found = 0;
    for _ in 0..60 {
        let query = generate::random_query(&mut rng, &rows);
        let groups = board
            .alike(&catalogue, &query.filter, query.range)
            .expect("a valid filter");
        let recounted = of_rows(rows.0.values().filter(|row| {
            passes(&catalogue, row, &query.filter) && inside(query.range, row.created)
        }));
        found += recounted.len();
        let earned = board
            .earned(&catalogue, &query.filter, query.range)
            .expect("a valid filter");
        assert_eq!(in_order(earned), in_order(all_earned(&groups)), "{query:?}");
        assert_eq!(of_board(&groups), recounted, "{query:?}");
    }
    assert!(found > 1_000, "only {found} groups were compared");
}
