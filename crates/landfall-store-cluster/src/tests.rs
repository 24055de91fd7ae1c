//! Tests against a real server.

mod commits;
mod conformance;
mod connections;
mod opening;
mod server;
mod text;
mod writers;

use crate::SchemaName;

#[test]
fn schema_names_are_plain() {
    for good in ["w", "ws_1", "user", "landfall_demo"] {
        let name = SchemaName::new(good).unwrap();
        assert_eq!(name.as_str(), good);
    }
    let too_long = "a".repeat(64);
    let bad = [
        "", "1st", "_x", "Shop", "a-b", "a\"b", "a b", "é", "pg_x", "a\0", &too_long,
    ];
    for bad in bad {
        let refused = SchemaName::new(bad).unwrap_err();
        assert!(refused.to_string().contains("lower-case"), "{refused}");
    }
}
