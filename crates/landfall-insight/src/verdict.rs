//! The verdict of a diagnosis: which problem it is, where, since when, how much money, how sure.
