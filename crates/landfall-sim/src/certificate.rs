//! A certificate authority of our own, for servers that tests trust.
