//! What the driver reports, by what this crate can do about it.

use landfall_store::StoreError;
use postgres::error::SqlState;

/// An error on its way up.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The driver's or the server's.
    Driver(postgres::Error),
    /// Already in the words of the trait.
    Store(StoreError),
}

impl Failure {
    /// Whether the connection is gone, so that a new one may do better.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Driver(error) => match error.as_db_error() {
                Some(told) => {
                    // 57P: shut down, crashed, cannot connect now; 08: connection exception.
                    let code = told.code().code();
                    code.starts_with("57P") || code.starts_with("08")
                }
                None => error.is_closed() || is_io(error),
            },
            Self::Store(_) => false,
        }
    }

    /// Whether the server gave up because of what another transaction did.
    pub(crate) fn is_contention(&self) -> bool {
        let Self::Driver(error) = self else {
            return false;
        };
        matches!(
            error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
        )
    }
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Store(error) => return error,
            Failure::Driver(error) => error,
        };
        let Some(told) = error.as_db_error() else {
            return Self::unavailable(with_sources(&error));
        };
        let message = format!("{} (SQLSTATE {})", told.message(), told.code().code());
        // 23: a rule of a table. The program keeps these rules itself, so one of both is wrong.
        if told.code().code().starts_with("23") {
            let row = told.detail().or(told.constraint()).unwrap_or("-");
            return Self::corrupt(table(told.table()), row, message);
        }
        Self::unavailable(message)
    }
}

fn is_io(error: &postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

fn with_sources(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The table's name as a constant.
fn table(name: Option<&str>) -> &'static str {
    const TABLES: [&str; 18] = [
        "activity",
        "counter",
        "delivery",
        "document",
        "fact",
        "identifier",
        "member",
        "message",
        "message_name",
        "meta",
        "migration",
        "person",
        "rejected",
        "rejected_count",
        "seen",
        "token",
        "token_move",
        "waiting",
    ];
    TABLES
        .into_iter()
        .find(|table| Some(*table) == name)
        .unwrap_or("unknown")
}
