//! Rules of identity.
