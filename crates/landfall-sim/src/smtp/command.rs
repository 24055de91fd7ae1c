//! Commands of mail clients (RFC 5321 section 4.1).

use super::reply::Reply;

#[cfg(test)]
mod tests;

/// A command line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// `EHLO` or `HELO` with the client's name.
    Hello {
        extended: bool,
        name: String,
    },
    StartTls,
    Auth {
        mechanism: String,
        initial: Option<String>,
    },
    Mail(Path),
    Rcpt(Path),
    Data,
    Rset,
    Noop,
    Quit,
    Verify,
    Help,
}

/// An address with the parameters after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The address without its angle brackets; empty for the null sender.
    pub(super) address: String,
    /// Parameters as they came, such as `SIZE=100` or `NOTIFY=FAILURE`.
    pub(super) parameters: Vec<String>,
}

impl Path {
    /// The value of a parameter, whose name knows no case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find_map(|parameter| {
            let (own, value) = parameter.split_once('=')?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Reads a line without its end.
///
/// # Errors
/// The reply to what is no command, or has wrong arguments.
pub(super) fn read(line: &str) -> Result<Command, Reply> {
    let line = line.trim_end();
    let (verb, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let arguments = arguments.trim();
    match verb.to_ascii_uppercase().as_str() {
        "EHLO" => hello(true, arguments),
        "HELO" => hello(false, arguments),
        "STARTTLS" => alone(Command::StartTls, arguments),
        "AUTH" => auth(arguments),
        "MAIL" => Ok(Command::Mail(path(arguments, "FROM:")?)),
        "RCPT" => {
            let path = path(arguments, "TO:")?;
            if path.address.is_empty() {
                return Err(Reply::new(501, 1, 3, "A recipient needs an address"));
            }
            Ok(Command::Rcpt(path))
        }
        "DATA" => alone(Command::Data, arguments),
        "RSET" => alone(Command::Rset, arguments),
        "NOOP" => Ok(Command::Noop),
        "QUIT" => alone(Command::Quit, arguments),
        "VRFY" | "EXPN" => Ok(Command::Verify),
        "HELP" => Ok(Command::Help),
        _ => Err(Reply::new(500, 5, 2, "Command not known")),
    }
}

fn alone(command: Command, arguments: &str) -> Result<Command, Reply> {
    if arguments.is_empty() {
        Ok(command)
    } else {
        Err(Reply::new(501, 5, 4, "The command takes no arguments"))
    }
}

fn hello(extended: bool, name: &str) -> Result<Command, Reply> {
    if name.is_empty() {
        return Err(Reply::new(501, 5, 4, "Say who you are"));
    }
    Ok(Command::Hello {
        extended,
        name: name.to_owned(),
    })
}

fn auth(arguments: &str) -> Result<Command, Reply> {
    let mut words = arguments.split_whitespace();
    let (Some(mechanism), initial, None) = (words.next(), words.next(), words.next()) else {
        return Err(Reply::new(501, 5, 4, "Name one mechanism"));
    };
    Ok(Command::Auth {
        mechanism: mechanism.to_ascii_uppercase(),
        initial: initial.map(str::to_owned),
    })
}

/// `FROM:<address> PARAMETER=VALUE …`. Clients that put a space after the colon are understood.
fn path(arguments: &str, keyword: &str) -> Result<Path, Reply> {
    let wrong = || Reply::new(501, 5, 4, format!("Write {keyword}<address>"));
    let rest = arguments
        .split_at_checked(keyword.len())
        .filter(|(own, _)| own.eq_ignore_ascii_case(keyword))
        .map(|(_, rest)| rest.trim_start())
        .ok_or_else(wrong)?;
    let (address, parameters) = rest
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .ok_or_else(wrong)?;
    if !address.is_empty() && !is_address(address) {
        let detail = if keyword == "TO:" { 3 } else { 7 };
        return Err(Reply::new(553, 1, detail, "The address has no right form"));
    }
    Ok(Path {
        address: address.to_owned(),
        parameters: parameters.split_whitespace().map(str::to_owned).collect(),
    })
}

/// A local part and a domain, without spaces; what exactly may stand in them is left to scripts.
fn is_address(address: &str) -> bool {
    address
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !address
            .chars()
            .any(|one| one.is_whitespace() || one.is_control())
}
