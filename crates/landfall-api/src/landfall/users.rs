//! `/landfall/v1/users`: people with a key and a role, and `/landfall/v1/me`: who asks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use landfall_engine::directory::{KeyRecord, Role, User};
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};
use crate::app::App;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// A user to add.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Name or address, up to 100 characters; no other user of the workspace has it.
    #[schema(example = "lea@shop.example")]
    name: String,
    /// `viewer`, `editor` or `admin`.
    #[schema(example = "editor")]
    role: String,
}

/// Another role.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    /// `viewer`, `editor` or `admin`.
    #[schema(example = "viewer")]
    role: String,
}

/// A user.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UserAnswer {
    /// The number of their key.
    id: u32,
    /// Name or address.
    name: String,
    /// `viewer`, `editor` or `admin`.
    role: &'static str,
    /// The last four characters of their key.
    ends_with: String,
    /// When they were added (milliseconds since the epoch).
    created_ms: i64,
}

/// A user that was added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AddedUser {
    /// The number of their key.
    id: u32,
    /// Their key, shown this once.
    key: String,
}

/// Users.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UserList {
    /// By name.
    users: Vec<UserAnswer>,
}

/// Who asks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Me {
    /// The workspace.
    workspace: String,
    /// The number of the key.
    key: u32,
    /// Whose key it is; `null`: one of servers and scripts.
    user: Option<String>,
    /// What they may do: `viewer`, `editor` or `admin`.
    role: &'static str,
}

/// Who asks, and what they may do.
#[utoipa::path(
    get,
    path = "/landfall/v1/me",
    operation_id = "getMe",
    responses((status = 200, body = Me), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn me(visit: Visit) -> Json<Me> {
    let user = visit.user();
    Json(Me {
        workspace: visit.workspace.name().to_owned(),
        key: visit.key(),
        user: user.map(|user| user.name.clone()),
        role: user.map_or(Role::Admin, |user| user.role).name(),
    })
}

/// People with a key of their own to this workspace.
#[utoipa::path(
    get,
    path = "/landfall/v1/users",
    operation_id = "listUsers",
    responses((status = 200, body = UserList), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn list(State(app): State<App>, visit: Visit) -> Json<UserList> {
    let keys = app.directory.users(&visit.workspace);
    let mut users: Vec<UserAnswer> = keys.into_iter().filter_map(answer).collect();
    users.sort_by(|a, b| a.name.cmp(&b.name));
    Json(UserList { users })
}

/// Adds a user. The answer holds their key, which is shown this once: they sign in with it, and it is how
/// logs know them.
#[utoipa::path(
    post,
    path = "/landfall/v1/users",
    operation_id = "addUser",
    request_body = NewUser,
    responses(
        (status = 201, body = AddedUser),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody),
        (status = 409, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn add(
    State(app): State<App>,
    visit: Visit,
    Sent(user): Sent<NewUser>,
) -> Result<(StatusCode, Json<AddedUser>), Problem> {
    let name = user.name.trim().to_owned();
    let is_plain = !name.chars().any(char::is_control);
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !is_plain {
        let message = format!("write 1 to {NAME_CHARS_MAX} characters on one line");
        return Err(Problem::field("name", message));
    }
    let role = role(&user.role)?;
    let (directory, workspace) = (app.directory.clone(), visit.workspace);
    let now = workspace.now();
    let user = User { name, role };
    let added = super::board(move || directory.add_user(&workspace, user, now)).await?;
    let (id, key) = added?;
    Ok((StatusCode::CREATED, Json(AddedUser { id, key })))
}

/// Gives a user another role, at once.
#[utoipa::path(
    put,
    path = "/landfall/v1/users/{id}",
    operation_id = "setRole",
    params(("id" = u32, Path, description = "The number of their key.")),
    request_body = NewRole,
    responses(
        (status = 204, description = "They have it."),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn set_role(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
    Sent(new): Sent<NewRole>,
) -> Result<StatusCode, Problem> {
    not_oneself(&visit, id)?;
    let role = role(&new.role)?;
    let (directory, workspace) = (app.directory.clone(), visit.workspace);
    super::board(move || directory.set_role(&workspace, id, role)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a user. Their key opens nothing from now on; what they did stays theirs in logs.
#[utoipa::path(
    delete,
    path = "/landfall/v1/users/{id}",
    operation_id = "removeUser",
    params(("id" = u32, Path, description = "The number of their key.")),
    responses(
        (status = 204, description = "They are removed."),
        (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn remove(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<StatusCode, Problem> {
    not_oneself(&visit, id)?;
    let (directory, workspace) = (app.directory.clone(), visit.workspace);
    super::board(move || directory.remove_user(&workspace, id)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// An admin who lowers or removes themselves might be the last.
fn not_oneself(visit: &Visit, id: u32) -> Result<(), Problem> {
    if visit.key() == id {
        let message = "this is you: another admin, or `landfall keys` on the server, can do it";
        return Err(Problem::new(Code::Conflict, message));
    }
    Ok(())
}

fn role(name: &str) -> Result<Role, Problem> {
    Role::named(name).ok_or_else(|| Problem::field("role", "write `viewer`, `editor` or `admin`"))
}

fn answer(key: KeyRecord) -> Option<UserAnswer> {
    let user = key.user?;
    Some(UserAnswer {
        id: key.id,
        name: user.name,
        role: user.role.name(),
        ends_with: key.tail,
        created_ms: key.created_ms,
    })
}
