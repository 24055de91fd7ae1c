//! The simulators seen from outside: by raw protocol clients, and by independent libraries.

mod installed;
mod web_push;
