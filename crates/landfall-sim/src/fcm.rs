//! A simulated Firebase Cloud Messaging with Google's token endpoint.
