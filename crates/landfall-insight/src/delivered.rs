//! Delivered as what it is: a lower bound, an upper bound, and an estimate between them.
