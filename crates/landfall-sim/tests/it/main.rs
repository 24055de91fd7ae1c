//! The simulators seen from outside: by raw protocol clients, and by independent libraries.

mod apns_answers;
mod apns_connections;
mod apns_peer;
mod apns_storage;
mod apns_tokens;
mod clients_apns;
mod clients_fcm;
mod fcm_answers;
mod fcm_peer;
mod fcm_tokens;
mod installed;
mod receiver;
mod slack;
mod sms_gateway;
mod smtp;
mod twilio;
mod web_push;
