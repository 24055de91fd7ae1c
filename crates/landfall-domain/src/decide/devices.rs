//! Rules of devices.
