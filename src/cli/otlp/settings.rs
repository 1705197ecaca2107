//! Owns `Settings`: how metrics are exported by OTLP, as the standard environment variables say.
//!
//! Law: headers are secrets from the first; what is wrong with a variable is told without its value
//! where that may hold one. A variable that is empty is as one that is not set.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING};
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::live::collector::{Endpoint, Showing};
use crate::live::tls::Trust;
use crate::secret::Secret;
use crate::wire::clean;
use crate::wire::tls::{Certificates, Identity};

/// What the variables of the exporter begin with.
const EXPORTER: &str = "OTEL_EXPORTER_OTLP_";
/// Of those for metrics alone.
const METRICS: &str = "METRICS_";
/// Where metrics go, at a collector.
const SIGNAL: &str = "/v1/metrics";
/// Where a collector is by default.
const COLLECTOR: &str = "http://localhost:4318";
/// The one protocol that is spoken.
const PROTOCOL: &str = "http/protobuf";

/// How metrics are exported.
#[derive(Debug)]
pub struct Settings {
    /// Where they go.
    pub endpoint: Endpoint,
    /// What is shown there.
    pub showing: Showing,
    /// Wall time that an export has.
    pub timeout: Duration,
    /// How often they are exported.
    pub interval: Duration,
    /// What is said of this program: names and values.
    pub resource: Vec<(String, String)>,
}

/// The environment.
struct Environment<F>(F);

impl Settings {
    /// What the variables say; none where they say that nothing is exported.
    ///
    /// # Errors
    /// Refused: a variable that holds something else than it should, or asks for what is not there.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Settings>> {
        let env = Environment(variable);
        let disabled = env.get("OTEL_SDK_DISABLED")?;
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        env.only("PROTOCOL", PROTOCOL, "busyhour speaks OTLP over HTTP")?;
        env.only("COMPRESSION", "none", "busyhour does not compress")?;
        env.cumulative()?;
        let millis = |(name, value): (String, String)| match value.parse::<u64>() {
            Ok(millis) if millis > 0 => Ok(Duration::from_millis(millis)),
            _ => Err(Error::refused(format!(
                "{name}: `{}` is no number of milliseconds",
                clean(&value)
            ))
            .with_remedy(format!("set {name} to a whole number above zero"))),
        };
        let timeout = env.exporter("TIMEOUT")?.map(millis).transpose()?;
        let interval = env
            .named("OTEL_METRIC_EXPORT_INTERVAL")?
            .map(millis)
            .transpose()?;
        Ok(Some(Settings {
            endpoint: env.endpoint()?,
            showing: env.showing()?,
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            interval: interval.unwrap_or(Duration::from_secs(60)),
            resource: env.resource()?,
        }))
    }
}

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    /// What a variable says; none where it is not set, or empty.
    fn get(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = (self.0)(name) else {
            return Ok(None);
        };
        let Ok(value) = value.into_string() else {
            let words = format!("{name}: what it holds is no text in UTF-8");
            return Err(Error::refused(words).with_remedy(format!("set {name} anew, or unset it")));
        };
        let value = value.trim();
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }

    /// A variable with its name.
    fn named(&self, name: &str) -> Result<Option<(String, String)>> {
        let value = self.get(name)?;
        Ok(value.map(|value| (name.to_owned(), value)))
    }

    /// A variable of the exporter with its name: that for metrics, or that for everything.
    fn exporter(&self, key: &str) -> Result<Option<(String, String)>> {
        match self.named(&format!("{EXPORTER}{METRICS}{key}"))? {
            Some(of_metrics) => Ok(Some(of_metrics)),
            None => self.named(&format!("{EXPORTER}{key}")),
        }
    }

    /// Sees that counts are asked for since the start, as they are exported.
    fn cumulative(&self) -> Result<()> {
        let name = format!("{EXPORTER}{METRICS}TEMPORALITY_PREFERENCE");
        match self.get(&name)? {
            Some(value) if !value.eq_ignore_ascii_case("cumulative") => {
                let words = format!(
                    "{name}: `{}` is not known here: busyhour exports what has come to pass since \
                     the run's start",
                    clean(&value)
                );
                Err(Error::refused(words).with_remedy(format!("set {name}=cumulative")))
            }
            _ => Ok(()),
        }
    }

    /// Sees that a variable asks for nothing else.
    fn only(&self, key: &str, known: &str, why: &str) -> Result<()> {
        match self.exporter(key)?.filter(|(_, value)| value != known) {
            None => Ok(()),
            Some((name, value)) => {
                let words = format!("{name}: `{}` is not known here: {why}", clean(&value));
                let port = match value.as_str() {
                    "grpc" => ", and the endpoint's port is 4318 then",
                    _ => "",
                };
                Err(Error::refused(words).with_remedy(format!("set {name}={known}{port}")))
            }
        }
    }

    fn endpoint(&self) -> Result<Endpoint> {
        let own = format!("{EXPORTER}{METRICS}ENDPOINT");
        let all = format!("{EXPORTER}ENDPOINT");
        match (self.get(&own)?, self.get(&all)?) {
            // As it stands: the path is the user's.
            (Some(text), _) => Endpoint::parse(&own, &text, ""),
            (None, text) => Endpoint::parse(&all, text.as_deref().unwrap_or(COLLECTOR), SIGNAL),
        }
    }

    fn showing(&self) -> Result<Showing> {
        let file = |key| {
            let file = self.exporter(key)?;
            Ok(file.map(|(_, file)| PathBuf::from(file)))
        };
        let identity = match (file("CLIENT_CERTIFICATE")?, file("CLIENT_KEY")?) {
            (Some(cert), Some(key)) => Some(Identity::read(&cert, &key)?),
            (None, None) => None,
            _ => {
                let words =
                    format!("{EXPORTER}CLIENT_CERTIFICATE and {EXPORTER}CLIENT_KEY are a pair");
                return Err(Error::refused(words).with_remedy("set both, or neither"));
            }
        };
        let trust = match file("CERTIFICATE")? {
            Some(file) => Trust::These(Certificates::read(&file)?),
            None => Trust::System,
        };
        let (name, text) = self.exporter("HEADERS")?.unwrap_or_default();
        let headers = pairs(&name, &text)?.into_iter().map(|(key, value)| {
            // Whatever stands there may be the secret itself.
            let wrong = |what: &str| {
                Error::refused(format!("{name}: {what}"))
                    .with_remedy(format!("write {name}=name=value,name=value"))
            };
            let header: HeaderName = key.parse().map_err(|_| wrong("a header has no fit name"))?;
            if [HOST, CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
                return Err(wrong("a header of the export's own cannot be given"));
            }
            Ok((header, Secret::new(value)))
        });
        Ok(Showing {
            headers: headers.collect::<Result<_>>()?,
            trust,
            identity,
        })
    }

    /// The service's name, and what else is said of it.
    fn resource(&self) -> Result<Vec<(String, String)>> {
        let (name, text) = self.named("OTEL_RESOURCE_ATTRIBUTES")?.unwrap_or_default();
        let mut resource = pairs(&name, &text)?;
        let service = "service.name";
        if let Some(own) = self.get("OTEL_SERVICE_NAME")? {
            resource.retain(|(key, _)| key != service);
            resource.push((service.into(), own));
        } else if !resource.iter().any(|(key, _)| key == service) {
            resource.push((service.into(), env!("CARGO_PKG_NAME").into()));
        }
        Ok(resource)
    }
}

/// `key=value,key=value`, percent-decoded.
fn pairs(variable: &str, text: &str) -> Result<Vec<(String, String)>> {
    let entries = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    let pairs = entries.map(|entry| {
        let (key, value) = entry.split_once('=').ok_or_else(|| {
            Error::refused(format!("{variable}: an entry has no `=`"))
                .with_remedy(format!("write {variable}=name=value,name=value"))
        })?;
        let decoded = |text: &str| {
            percent_decode_str(text.trim())
                .decode_utf8()
                .map(String::from)
        };
        let both = decoded(key).and_then(|key| Ok((key, decoded(value)?)));
        both.map_err(|_| {
            Error::refused(format!(
                "{variable}: an entry is no text in UTF-8 once decoded"
            ))
            .with_remedy("write other characters than letters and digits as %XX")
        })
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Settings>> {
        Settings::read(|name| {
            let mut set = variables.iter();
            set.find(|(own, _)| *own == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn counts_are_cumulative_and_nothing_else() {
        let name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
        for value in ["cumulative", "Cumulative", " CUMULATIVE ", ""] {
            assert!(read(&[(name, value)]).is_ok(), "{value}");
        }
        for value in ["delta", "lowmemory"] {
            let error = read(&[(name, value)]).unwrap_err();
            assert_eq!(error.exit(), Exit::Refused);
            let message = error.message(false);
            assert!(
                message.contains(&format!("set {name}=cumulative")),
                "{message}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_not_taken_for_unset() {
        use std::os::unix::ffi::OsStringExt;

        for own in [
            "OTEL_SDK_DISABLED",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "OTEL_SERVICE_NAME",
        ] {
            let settings = Settings::read(|name| {
                (name == own).then(|| OsString::from_vec(b"canary\xff".to_vec()))
            });
            let error = settings.unwrap_err();
            let message = error.message(false);
            assert_eq!(error.exit(), Exit::Refused);
            assert!(
                message.contains(own) && !message.contains("canary"),
                "{message}"
            );
        }
    }

    #[test]
    fn without_variables_it_is_the_collector_of_this_machine() {
        let settings = read(&[("OTEL_EXPORTER_OTLP_HEADERS", "")])
            .unwrap()
            .unwrap();
        let usual = Endpoint::parse("", "http://localhost:4318/v1/metrics", "").unwrap();
        assert_eq!(settings.endpoint, usual);
        assert_eq!(settings.timeout, Duration::from_secs(10));
        assert_eq!(settings.interval, Duration::from_secs(60));
        assert_eq!(
            settings.resource,
            [("service.name".into(), "busyhour".into())]
        );
        assert!(settings.showing.headers.is_empty());
        assert!(read(&[("OTEL_SDK_DISABLED", "TRUE")]).unwrap().is_none());
    }

    #[test]
    fn what_is_said_of_metrics_alone_comes_first() {
        let settings = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:1"),
            (
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
                "http://localhost:2/in",
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "api-key=a%20b%2Fc, X-Tenant = t",
            ),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "250"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=other,host.name=a%2Cb",
            ),
            ("OTEL_SERVICE_NAME", "night run"),
        ]);
        let settings = settings.unwrap().unwrap();
        let endpoint = Endpoint::parse("", "http://localhost:2/in", "").unwrap();
        assert_eq!(settings.endpoint, endpoint);
        let headers = settings.showing.headers.iter();
        let headers: Vec<_> = headers.map(|(n, v)| (n.as_str(), v.reveal())).collect();
        assert_eq!(headers, [("api-key", "a b/c"), ("x-tenant", "t")]);
        assert_eq!(settings.timeout, Duration::from_millis(250));
        assert_eq!(settings.interval, Duration::from_millis(500));
        let said = [("host.name", "a,b"), ("service.name", "night run")];
        assert_eq!(settings.resource, said.map(|(k, v)| (k.into(), v.into())));
    }

    #[test]
    fn what_is_wrong_is_refused_without_secrets() {
        for (name, value, words) in [
            (
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "grpc",
                "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, and",
            ),
            (
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
                "http/json",
                "METRICS_PROTOCOL=http/protobuf",
            ),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "COMPRESSION=none"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "`10s` is no number"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0", "above zero"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "canary",
                "an entry has no `=`",
            ),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "api key=canary",
                "no fit name",
            ),
            ("OTEL_EXPORTER_OTLP_HEADERS", "host=canary", "own"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "a=canary%ff",
                "no text in UTF-8",
            ),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://a:canary@localhost:1",
                "user name",
            ),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem", "are a pair"),
            (
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                "none.pem",
                "cannot read none.pem",
            ),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            let message = error.message(false);
            assert_eq!(error.exit(), Exit::Refused);
            assert!(
                message.contains(words) && !message.contains("canary"),
                "{message}"
            );
        }
    }
}
