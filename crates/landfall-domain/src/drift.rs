//! Documents that are generated from the code and must not drift from it.

use std::path::Path;

/// Compares `docs/{name}` with what the code says. With `UPDATE_DOCS=1` it writes the file instead.
pub(crate) fn assert_current(name: &str, says: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, says).expect("docs/ is writable");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == says,
        "docs/{name} is not what the code says: run UPDATE_DOCS=1 cargo test -p landfall-domain"
    );
}
