//! The waterfall from active people to those whom a push can reach, and what each gap is worth.
