//! A board that many threads use at once.

use std::sync::{Arc, PoisonError, RwLock};

use crate::board::Board;

/// A board behind a lock that is held for updates only. Queries work on a view that stands still,
/// so that a long query holds up no update and no query sees half an update.
#[derive(Debug, Default)]
pub struct SharedBoard {
    board: RwLock<Arc<Board>>,
}

impl SharedBoard {
    /// Shares `board`.
    pub fn new(board: Board) -> Self {
        Self {
            board: RwLock::new(Arc::new(board)),
        }
    }

    /// The board as it is now, to query, search and save. It does not follow later updates; drop
    /// it soon, for updates copy the segments that a living view holds.
    pub fn view(&self) -> Arc<Board> {
        let board = self.board.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&board)
    }

    /// Changes the board. Later views show all of it, earlier ones nothing.
    pub fn update<Answer>(&self, change: impl FnOnce(&mut Board) -> Answer) -> Answer {
        let mut board = self.board.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut board))
    }

    /// Puts another board in place of this one, after a rebuild.
    pub fn replace(&self, with: Board) {
        let mut board = self.board.write().unwrap_or_else(PoisonError::into_inner);
        *board = Arc::new(with);
    }
}
