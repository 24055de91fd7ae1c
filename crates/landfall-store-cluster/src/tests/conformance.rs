//! The suite that every store must pass.

use super::server::Workspace;

landfall_store::store_conformance!(Workspace::new());
