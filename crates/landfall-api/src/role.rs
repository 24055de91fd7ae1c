//! Which role a call needs.

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use landfall_engine::directory::{Caller, Role};

/// What a workspace is connected with, its rules of sending, and who may do what.
const OF_ADMINS: [&str; 6] = [
    "/landfall/v1/credentials",
    "/landfall/v1/policy",
    "/landfall/v1/sources",
    "/landfall/v1/users",
    "/landfall/v1/webhooks",
    "/v1/reporting_webhooks",
];

/// Calls that post a question and change nothing.
const QUESTIONS: [&str; 7] = [
    "/landfall/v1/alert-rules/backtest",
    "/landfall/v1/broadcasts/{number}/preview",
    "/landfall/v1/forecast",
    "/landfall/v1/preview",
    "/landfall/v1/transactional/{number}/preview",
    "/v1/customers",
    "/v1/customers/attributes",
];

/// The least role for a call to a route, such as `/landfall/v1/views/{id}`.
pub(crate) fn needed(method: &Method, route: &str) -> Role {
    let is_below = |prefix: &&str| {
        let rest = route.strip_prefix(*prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Role::Viewer,
        Method::POST if QUESTIONS.contains(&route) => Role::Viewer,
        _ if OF_ADMINS.iter().any(is_below) => Role::Admin,
        _ => Role::Editor,
    }
}

/// Why somebody may not do what the request asks for; `None`: they may.
pub(crate) fn refusal(caller: &Caller, parts: &Parts) -> Option<String> {
    let route = parts.extensions.get::<MatchedPath>();
    let route = route.map_or_else(|| parts.uri.path(), MatchedPath::as_str);
    let (has, needs) = (caller.role(), needed(&parts.method, route));
    (has < needs).then(|| {
        format!(
            "this takes the role {}, and yours is {}: ask an admin of the workspace",
            needs.name(),
            has.name()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_is_for_all_changing_for_editors_and_connections_for_admins() {
        let table = [
            ("GET", "/landfall/v1/credentials", Role::Viewer),
            ("PUT", "/landfall/v1/credentials/{name}", Role::Admin),
            ("POST", "/landfall/v1/credentials/{name}/check", Role::Admin),
            ("POST", "/landfall/v1/users", Role::Admin),
            ("PUT", "/landfall/v1/policy", Role::Admin),
            ("POST", "/v1/reporting_webhooks", Role::Admin),
            ("POST", "/landfall/v1/forecast", Role::Viewer),
            ("POST", "/v1/customers", Role::Viewer),
            ("PUT", "/v1/customers", Role::Editor),
            ("POST", "/landfall/v1/journeys", Role::Editor),
            ("GET", "/landfall/v1/coverage/identity", Role::Viewer),
            (
                "POST",
                "/landfall/v1/coverage/identity/repair",
                Role::Editor,
            ),
            ("POST", "/landfall/v1/credentialsx", Role::Editor),
            ("DELETE", "/landfall/v1/views/{id}", Role::Editor),
            ("POST", "/v1/send/{channel}", Role::Editor),
        ];
        for (method, route, role) in table {
            let method: Method = method.parse().expect("a method");
            assert_eq!(needed(&method, route), role, "{method} {route}");
        }
    }

    /// A route that is renamed must not fall out of the lists unseen.
    #[test]
    fn every_route_that_is_named_here_is_there() {
        let document = crate::landfall::document();
        let is_there = |route: &str| {
            let mut paths = document.paths.paths.keys();
            paths.any(|path| path == route || path.starts_with(&format!("{route}/")))
        };
        let own = OF_ADMINS.iter().chain(&QUESTIONS);
        for route in own.filter(|route| route.starts_with("/landfall/")) {
            assert!(is_there(route), "{route}");
        }
    }
}
