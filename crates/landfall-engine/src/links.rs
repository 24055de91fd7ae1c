//! Links in messages that lead back to this server. They work without a login, so they carry a signature:
//! whoever has one was sent it, and cannot make another out of it.

use std::sync::Arc;

use crate::directory::Directory;
use crate::seal::MasterKey;

/// Where this server is reached from outside, and what its links are signed with.
#[derive(Clone)]
pub struct Links {
    base: Box<str>,
    master: Arc<MasterKey>,
}

/// The public address of this server cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address that links can begin with: write it as https://push.example.org, with a path if a \
     proxy adds one, and without ? or #"
)]
pub struct PublicUrlError(String);

impl Links {
    /// Links that begin with `public_url`.
    ///
    /// # Errors
    /// When that is no http or https address, or has more than host and path.
    pub fn new(directory: &Directory, public_url: &str) -> Result<Self, PublicUrlError> {
        let base = public_url.trim().trim_end_matches('/');
        let host = ["https://", "http://"]
            .iter()
            .find_map(|scheme| base.strip_prefix(scheme));
        let plain = |byte: u8| byte.is_ascii_graphic() && !br#"?#@\"<>"#.contains(&byte);
        match host {
            Some(host) if !host.is_empty() && !host.starts_with('/') && host.bytes().all(plain) => {
                Ok(Self {
                    base: base.into(),
                    master: directory.master(),
                })
            }
            _ => Err(PublicUrlError(public_url.to_owned())),
        }
    }

    /// Where the person of a delivery opts out of everything, through that delivery (RFC 8058). GET shows
    /// a page and changes nothing, POST opts out.
    pub fn unsubscribe(&self, workspace: &str, delivery_id: &str) -> String {
        let signature = self.master.signature(&opting_out(workspace), delivery_id);
        let (base, workspace) = (&self.base, encoded(workspace));
        format!(
            "{base}/unsubscribe/{workspace}/{}/{signature}",
            encoded(delivery_id)
        )
    }

    /// A path of this server, as it is reached from outside.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Where a provider posts what becomes of a credential's mails.
    pub fn mail_events(&self, workspace: &str, credential: &str) -> String {
        let secret = self.master.signature(&mail_events(workspace), credential);
        let (base, workspace) = (&self.base, encoded(workspace));
        format!(
            "{base}/hooks/email/{workspace}/{}/{secret}",
            encoded(credential)
        )
    }
}

impl Directory {
    /// Whether a link to opt out through a delivery was made here.
    pub fn is_link_to_opt_out(&self, workspace: &str, delivery_id: &str, signature: &str) -> bool {
        self.master()
            .is_signature(&opting_out(workspace), delivery_id, signature)
    }

    /// Whether the last part of an address for reports about mails is the credential's.
    pub fn is_mail_secret(&self, workspace: &str, credential: &str, secret: &str) -> bool {
        self.master()
            .is_signature(&mail_events(workspace), credential, secret)
    }
}

fn opting_out(workspace: &str) -> String {
    format!("unsubscribe:{workspace}")
}

fn mail_events(workspace: &str) -> String {
    format!("mail_events:{workspace}")
}

/// A text as one part of a path (RFC 3986 section 2.3).
fn encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::DirectoryFile;
    use crate::seal::MASTER_KEY_BYTES;

    fn directory(master: u8) -> Directory {
        let master = MasterKey::new(&[master; MASTER_KEY_BYTES]).unwrap();
        let path = std::path::PathBuf::from("landfall.json");
        Directory::new(path, DirectoryFile::default(), Vec::new(), master).unwrap()
    }

    fn signature(link: &str) -> &str {
        link.rsplit('/').next().unwrap()
    }

    #[test]
    fn a_link_opens_for_its_delivery_and_no_other() {
        let directory = directory(7);
        let links = Links::new(&directory, "https://push.example.org/landfall/").unwrap();
        let link = links.unsubscribe("ws_1", "d 1/ü");
        let start = "https://push.example.org/landfall/unsubscribe/ws_1/d%201%2F%C3%BC/";
        assert!(link.starts_with(start), "{link}");
        let own = signature(&link);
        assert!(directory.is_link_to_opt_out("ws_1", "d 1/ü", own));
        assert!(!directory.is_link_to_opt_out("ws_1", "d2", own));
        assert!(!directory.is_link_to_opt_out("ws_2", "d 1/ü", own));
        assert!(!directory.is_link_to_opt_out("ws_1", "d 1/ü", &own[1..]));
        assert!(!directory.is_link_to_opt_out("ws_1", "d 1/ü", ""));
        assert!(!directory.is_mail_secret("ws_1", "d 1/ü", own));
        let other = self::directory(8);
        assert!(!other.is_link_to_opt_out("ws_1", "d 1/ü", own));
    }

    #[test]
    fn a_public_address_is_scheme_host_and_path() {
        let directory = directory(7);
        for url in ["https://a.example", "http://127.0.0.1:7171", "https://a/b"] {
            assert!(Links::new(&directory, url).is_ok(), "{url}");
        }
        for url in [
            "a.example",
            "ftp://a",
            "https://",
            "https:///x",
            "https://a?b",
            "https://a b",
            "https://u@a",
        ] {
            assert!(Links::new(&directory, url).is_err(), "{url}");
        }
    }
}
