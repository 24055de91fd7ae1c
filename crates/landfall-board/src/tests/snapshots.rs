//! Boards that go through a file.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::board::Board;
use crate::snapshot::SnapshotError;
use crate::tests::generate::{catalogue, random_query};
use crate::tests::{random_board, updates};

#[test]
fn a_loaded_board_answers_and_goes_on_like_the_saved_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("board");
    let mut rng = SmallRng::seed_from_u64(21);
    for watermark in 0..40 {
        let (board, mut rows) = random_board(&mut rng);
        board.save(&path, watermark).expect("saved");
        let (mut loaded, mark) = Board::load(&path).expect("loaded");
        assert_eq!(mark, watermark);
        assert_eq!(loaded.rows(), rows.len());
        for _ in 0..3 {
            for _ in 0..20 {
                let query = random_query(&mut rng, &rows);
                let answer = loaded
                    .query(&catalogue(), &query, 2)
                    .expect("a valid query");
                assert_eq!(answer, rows.recount(&catalogue(), &query));
            }
            updates::random_step(&mut rng, &mut loaded, &mut rows);
        }
    }
}

#[test]
fn damage_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("board");
    let mut rng = SmallRng::seed_from_u64(22);
    let (board, _) = random_board(&mut rng);
    board.save(&path, 7).expect("saved");
    let good = std::fs::read(&path).expect("readable");
    for _ in 0..300 {
        let mut bad = good.clone();
        match rng.random_range(0..3) {
            0 => bad.truncate(rng.random_range(0..good.len())),
            1 => bad.extend([0; 3]),
            _ => bad[rng.random_range(0..good.len())] ^= 1 << rng.random_range(0..8),
        }
        std::fs::write(&path, &bad).expect("writable");
        let error = Board::load(&path).expect_err("damaged");
        let named = matches!(error, SnapshotError::Damaged | SnapshotError::Version(_));
        assert!(named, "{error}");
    }
}

#[test]
fn another_version_and_a_missing_file_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("board");
    assert!(matches!(Board::load(&path), Err(SnapshotError::Io(_))));
    Board::new().save(&path, 0).expect("saved");
    let mut bytes = std::fs::read(&path).expect("readable");
    bytes[8] = 9;
    std::fs::write(&path, bytes).expect("writable");
    assert!(matches!(Board::load(&path), Err(SnapshotError::Version(9))));
}
