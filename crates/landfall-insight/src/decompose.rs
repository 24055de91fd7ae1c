//! What each stage of a funnel contributed to a change of revenue, exactly.
