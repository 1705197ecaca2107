//! Owns `AccessArgs`: the server that a run goes to, how connections get in, and by what secrets.
//!
//! Law: a secret is hidden as soon as it is read, from the command line, the environment or a
//! file. What is wrong with one is told without it.

use std::env::VarError;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::error::{Error, Result};
use crate::live::Options;
use crate::live::access::Access;
use crate::live::credentials::{Credentials, Header, Values};
use crate::live::feeder::Feeder;
use crate::live::target::Target;
use crate::live::tls::Trust;
use crate::secret::Secret;
use crate::wire::tls::{Certificates, Identity};

/// The server, and how connections get in.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct AccessArgs {
    /// The chat server, wss:// over TLS; http:// and https:// mean the same [default: the built-in one,
    /// started for this run]; repeated for each door of a deployment: each person goes through the one
    /// of its number
    #[arg(long = "target", value_name = "ws://HOST:PORT")]
    targets: Vec<String>,
    /// What several targets are: doors of one deployment, or centers of their own, each with its
    /// part of the customers and agents
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value_t,
        requires = "targets"
    )]
    targets_are: TargetsAre,
    /// Addresses of this machine from which connections come, in turn, separated by commas [default:
    /// the system's choice; on loopback eight]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    source_ip: Vec<IpAddr>,
    /// Allow a target beyond this machine; may be repeated
    #[arg(long = "allow-target", value_name = "HOST")]
    allow_targets: Vec<String>,
    /// Trust these authorities alone (PEM) for the server's certificate [default: the system's]
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Show this certificate (PEM) to a server that asks for one
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Accept any certificate: anyone on the way can read and change what is said
    #[arg(long)]
    insecure: bool,
    /// Say a header with each connection; VALUE is env:VARIABLE, feeder:COLUMN or a text, which
    /// other users of this machine can see. May be repeated
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<Secret>,
    /// Ask for this subprotocol; the server must agree
    #[arg(long, value_name = "NAME")]
    subprotocol: Option<String>,
    /// A CSV whose rows are the customers', by number modulo rows, and the agents' if they have
    /// none of their own
    #[arg(long, value_name = "FILE.csv")]
    feeder: Option<PathBuf>,
    /// A CSV whose rows are the agents'
    #[arg(long, value_name = "FILE.csv", requires = "feeder")]
    agent_feeder: Option<PathBuf>,
}

/// What several targets are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TargetsAre {
    /// Doors of one deployment: whoever comes in by one is served by agents of all
    #[default]
    Pooled,
    /// Centers of their own
    Separate,
}

impl AccessArgs {
    /// Where a run goes by these arguments, and how it gets in.
    ///
    /// # Errors
    /// Refused: the target is none, a file or a variable is missing or unfit, or a flag is of no
    /// use.
    pub fn options(&self) -> Result<Options> {
        let targets = self.targets.iter().map(|target| Target::parse(target));
        let targets = targets.collect::<Result<Vec<_>>>()?;
        self.check(&targets)?;
        let access = Access {
            trust: self.trust()?,
            identity: match (&self.cert, &self.key) {
                (Some(cert), Some(key)) => Some(Identity::read(cert, key)?),
                _ => None,
            },
            credentials: self.credentials()?,
        };
        Ok(Options {
            targets,
            separate: self.targets_are == TargetsAre::Separate,
            sources: self.source_ip.clone(),
            allow_targets: self.allow_targets.clone(),
            access: (access != Access::default()).then(|| Arc::new(access)),
            ..Options::default()
        })
    }

    /// The files that it reads.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files = [
            &self.ca,
            &self.cert,
            &self.key,
            &self.feeder,
            &self.agent_feeder,
        ];
        files.into_iter().flatten()
    }

    /// Sees that no flag is there for nothing.
    fn check(&self, targets: &[Target]) -> Result<()> {
        let of_tls = [
            ("--ca", self.ca.is_some()),
            ("--cert", self.cert.is_some()),
            ("--insecure", self.insecure),
        ];
        let idle = of_tls.into_iter().find(|(_, given)| *given);
        if let Some((flag, _)) = idle.filter(|_| !targets.iter().any(Target::is_tls)) {
            return Err(Error::refused(format!("{flag} is of no use without TLS"))
                .with_remedy("name the server as wss://HOST:PORT, or leave the flag out"));
        }
        let feeds = |header: &Secret| {
            let value = header.reveal().split_once('=');
            value.is_some_and(|(_, value)| value.starts_with("feeder:"))
        };
        if self.feeder.is_some() && !self.headers.iter().any(feeds) {
            return Err(Error::refused("nothing takes anything from the --feeder")
                .with_remedy("name a column of it: --header NAME=feeder:COLUMN"));
        }
        Ok(())
    }

    fn trust(&self) -> Result<Trust> {
        Ok(match &self.ca {
            Some(file) => Trust::These(Certificates::read(file)?),
            None if self.insecure => Trust::Anybody,
            None => Trust::System,
        })
    }

    fn credentials(&self) -> Result<Credentials> {
        let headers = self.headers.iter().map(|written| self.header(written));
        Credentials::new(headers.collect::<Result<_>>()?, self.subprotocol.clone())
    }

    fn header(&self, written: &Secret) -> Result<Header> {
        let (name, value) = written.reveal().split_once('=').ok_or_else(|| {
            Error::refused("a --header has no `=`")
                .with_remedy("write --header NAME=VALUE, as in Authorization=env:TOKEN")
        })?;
        // What is no name must not be told in the errors about its value.
        Header::new(name, Values::Same(Secret::new("")))?;
        let values = match value.split_once(':') {
            Some(("env", variable)) => Values::Same(from_environment(name, variable)?),
            Some(("feeder", column)) => self.rows(name, column)?,
            _ => Values::Same(Secret::new(value)),
        };
        Header::new(name, values)
    }

    /// The column of the feeders.
    fn rows(&self, name: &str, column: &str) -> Result<Values> {
        let feeder = self.feeder.as_deref().ok_or_else(|| {
            Error::refused(format!(
                "the header `{name}` is from a feeder, and there is none"
            ))
            .with_remedy("give the file: --feeder FILE.csv")
        })?;
        let agents = self.agent_feeder.as_deref();
        Ok(Values::ByRow {
            customers: Feeder(feeder).column(column)?,
            agents: agents.map(|file| Feeder(file).column(column)).transpose()?,
        })
    }
}

/// The value of an environment variable.
fn from_environment(name: &str, variable: &str) -> Result<Secret> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if variable.is_empty() || !variable.chars().all(is_name) {
        // It may be the value itself.
        let words = format!("what stands after `env:` for the header `{name}` names no variable");
        return Err(Error::refused(words).with_remedy("write --header NAME=env:VARIABLE"));
    }
    let value = std::env::var(variable).map(Secret::new);
    value.map_err(|error| match error {
        VarError::NotPresent => {
            let words = format!("the header `{name}` is from {variable}, which is not set");
            Error::refused(words).with_remedy(format!("export {variable} before the run"))
        }
        VarError::NotUnicode(_) => Error::refused(format!(
            "the header `{name}` is from {variable}, which is no text in UTF-8"
        )),
    })
}
