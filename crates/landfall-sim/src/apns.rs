//! A simulated Apple Push Notification service.
