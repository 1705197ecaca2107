//! Owns what a failure of TLS means, in words for whoever has to mend it.
//!
//! Law: what can be told apart is: a certificate that is old, for another name or of an unknown
//! authority, one of ours that is turned down, and an end that does not speak TLS at all. Names in
//! a certificate are somebody else's text.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError};

use crate::error::{Error, in_words};
use crate::live::target::Target;
use crate::time::Span;
use crate::wire::clean;

/// How many of a certificate's names are told.
const NAMES_SHOWN: usize = 3;

/// What a failure during the TLS handshake means. `identified` says whether a client certificate
/// was to be shown.
pub fn in_handshake(target: &Target, identified: bool, error: &io::Error) -> Error {
    after_it(target, identified, error).unwrap_or_else(|| {
        let words = match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "it ended the connection in the middle of the TLS handshake".to_owned()
            }
            _ => format!("the TLS handshake failed: {}", clean(&in_words(error))),
        };
        Error::failed(format!("no TLS with {target}: {words}")).with_remedy(plain(target))
    })
}

/// What a failure after the TLS handshake means, where TLS was the reason: a server may refuse
/// only then what it was shown.
pub fn after_it(target: &Target, identified: bool, error: &io::Error) -> Option<Error> {
    let error = error.get_ref()?.downcast_ref::<TlsError>()?;
    let (words, remedy) = match error {
        TlsError::InvalidCertificate(error) => of_theirs(target, error),
        TlsError::AlertReceived(alert) => by_alert(target, identified, *alert),
        TlsError::InvalidMessage(_) => ("what answers does not speak TLS".into(), plain(target)),
        TlsError::PeerIncompatible(why) => (
            format!(
                "no version or cipher in common: {}",
                clean(&format!("{why:?}"))
            ),
            "the server has to speak TLS 1.2 or 1.3 with a current cipher".into(),
        ),
        other => (
            clean(&other.to_string()),
            "look at the server's TLS settings".into(),
        ),
    };
    let words = format!("no TLS with {target}: {words}");
    Some(Error::failed(words).for_good().with_remedy(remedy))
}

/// What is wrong with the server's certificate, and what to do.
fn of_theirs(target: &Target, error: &CertificateError) -> (String, String) {
    let renew = "renew the server's certificate, or set this machine's clock right";
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            let ago = Span::from_secs(time.as_secs().saturating_sub(not_after.as_secs()));
            let words = format!("the server's certificate has expired, {ago} ago");
            (words, renew.into())
        }
        CertificateError::Expired => ("the server's certificate has expired".into(), renew.into()),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "the server's certificate is not valid yet".into(),
            renew.into(),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => other_name(target, presented),
        CertificateError::NotValidForName => other_name(target, &[]),
        CertificateError::UnknownIssuer => (
            "the authority of the server's certificate is not known here".into(),
            "give that authority's certificate with --ca FILE (PEM)".into(),
        ),
        other => (
            format!(
                "the server's certificate is no good: {}",
                clean(&other.to_string())
            ),
            "mend the server's certificate; --ca FILE names the authorities it may be of".into(),
        ),
    }
}

/// The certificate is for other names, each as `DnsName("chat.example.org")`.
fn other_name(target: &Target, presented: &[String]) -> (String, String) {
    let inner = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
    let mut names: Vec<String> = presented.iter().map(|name| clean(&inner(name))).collect();
    if names.len() > NAMES_SHOWN {
        names.truncate(NAMES_SHOWN);
        names.push("others".into());
    }
    let host = target.host();
    let mut words = format!("the server's certificate is not for `{host}`");
    if !names.is_empty() {
        words += &format!(" but for {}", names.join(", "));
    }
    let remedy = "name the host as in the certificate: --target wss://NAME:PORT";
    (words, remedy.into())
}

/// The server has said why it goes no further.
fn by_alert(target: &Target, identified: bool, alert: AlertDescription) -> (String, String) {
    use AlertDescription as Alert;
    let said = format!("{alert:?}");
    match alert {
        Alert::ProtocolVersion | Alert::InsufficientSecurity => (
            format!("the server has no version or cipher in common with TLS 1.2 and 1.3 ({said})"),
            "set the server to TLS 1.2 or 1.3".into(),
        ),
        Alert::UnrecognisedName => other_name(target, &[]),
        Alert::CertificateRequired => wants_identity(&said),
        Alert::HandshakeFailure if !identified => wants_identity(&said),
        Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
        | Alert::DecryptError
        | Alert::HandshakeFailure => {
            if identified {
                (
                    format!("the server turned the client certificate down ({said})"),
                    "give one that the server knows the authority of: --cert FILE --key FILE"
                        .into(),
                )
            } else {
                wants_identity(&said)
            }
        }
        _ => (
            format!("the server went no further ({said})"),
            "look at the server's log".into(),
        ),
    }
}

fn wants_identity(said: &str) -> (String, String) {
    (
        format!("the server asks for a client certificate ({said})"),
        "give one that it accepts: --cert FILE --key FILE".into(),
    )
}

/// What to do where the other end may not speak TLS.
fn plain(target: &Target) -> String {
    let authority = target.authority();
    format!("if the server does not speak TLS: --target ws://{authority}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::InvalidMessage;
    use tokio_rustls::rustls::pki_types::UnixTime;

    fn told(identified: bool, error: impl Into<TlsError>) -> String {
        let target = Target::parse("wss://chat.example:443").unwrap();
        let error = io::Error::new(io::ErrorKind::InvalidData, error.into());
        in_handshake(&target, identified, &error).message(false)
    }

    #[track_caller]
    fn says(told: &str, words: [&str; 2]) {
        assert!(
            words.iter().all(|words| told.contains(words)),
            "{words:?}: {told}"
        );
        assert!(!told.contains('\u{1b}'));
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_with_what_to_do() {
        let at = |secs| UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs));
        let expired = CertificateError::ExpiredContext {
            time: at(90_000),
            not_after: at(3_600),
        };
        says(&told(false, expired), ["expired, 1d ago", "renew"]);
        let name = CertificateError::NotValidForNameContext {
            expected: "chat.example".try_into().unwrap(),
            presented: vec!["DnsName(\"other.\u{1b}[2Jexample\")".into(); 9],
        };
        let names = "but for other.[2Jexample, other.[2Jexample, other.[2Jexample, others";
        says(&told(false, name), [names, "wss://NAME"]);
        says(
            &told(false, CertificateError::UnknownIssuer),
            ["authority", "--ca FILE"],
        );
        says(&told(false, CertificateError::Revoked), ["no good", "mend"]);
    }

    #[test]
    fn what_the_server_says_is_told_with_what_to_do() {
        use AlertDescription as Alert;
        for (identified, alert, words) in [
            (true, Alert::UnknownCA, ["turned the client", "--cert"]),
            (
                true,
                Alert::HandshakeFailure,
                ["turned the client", "--cert"],
            ),
            (
                false,
                Alert::HandshakeFailure,
                ["asks for a client", "--cert"],
            ),
            (
                true,
                Alert::CertificateRequired,
                ["asks for a client", "--cert"],
            ),
            (false, Alert::ProtocolVersion, ["in common", "TLS 1.2"]),
            (false, Alert::UnrecognisedName, ["not for", "name the host"]),
            (false, Alert::InternalError, ["no further", "log"]),
        ] {
            says(&told(identified, TlsError::AlertReceived(alert)), words);
        }
        let no_tls = told(false, InvalidMessage::InvalidContentType);
        says(&no_tls, ["does not speak TLS", "ws://chat.example:443"]);
        let target = Target::parse("wss://chat.example:443").unwrap();
        let cut = in_handshake(&target, false, &io::ErrorKind::UnexpectedEof.into());
        says(
            &cut.message(false),
            ["in the middle", "ws://chat.example:443"],
        );
    }
}
