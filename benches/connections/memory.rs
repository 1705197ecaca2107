//! Owns the measurement of what a connection takes up while nothing happens on it, and of what TLS
//! adds to that and to the connecting.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::asked::Asked;
use crate::process::Process;
use crate::stage::{
    CLIENTS, SERVERS, answering, at, free_port, generator, serve, set, temporary, their_answering,
    word,
};

/// Fewer descriptors are open in a process than this before the first connection.
const FEW: usize = 60;
/// Idle connections are made at this rate a second.
const CONNECTS: u32 = 2_000;

/// What a connection has cost a process by the time when nothing happens any more.
#[derive(Clone, Copy)]
struct Each {
    bytes: f64,
    cpu_us: f64,
}

/// What a process has taken up and used so far.
#[derive(Clone, Copy)]
struct Used {
    bytes: f64,
    cpu_s: f64,
}

impl Used {
    fn by(process: &Process) -> Used {
        Used {
            bytes: process.bytes(),
            cpu_s: process.cpu_s(),
        }
    }

    fn each(self, before: Used, connections: usize) -> Each {
        let connections = connections as f64;
        Each {
            bytes: (self.bytes - before.bytes) / connections,
            cpu_us: (self.cpu_s - before.cpu_s) * 1e6 / connections,
        }
    }
}

/// Measures it, by itself and over TLS.
pub fn measure(asked: &Asked) {
    let wanted = asked.number("--connections", 10_000);
    let what = format!("memory of {wanted} idle connections");
    let people = idle_people(wanted);
    let people = set(people.iter().map(String::as_str));
    let show = |each: Option<f64>, process: &str| match each {
        Some(bytes) => println!("{what}: {bytes:.0} bytes each in {process}"),
        None => println!("{what}: {process} did not get so far"),
    };
    let plain = both(wanted, &people, None);
    show(plain.map(|(server, _)| server.bytes), "busyhour serve");

    let alone = [&people[..], &["--only", "customers"]].concat();
    let (out, port) = (temporary(), free_port());
    let server = answering(port);
    let client = generator(CLIENTS, &at(port), &alone, out.path());
    let each = settled(&client, wanted).map(|each| each.bytes);
    show(each, "busyhour load");
    drop((client, server));

    let port = free_port();
    let places = [
        ("count", wanted),
        ("rate", CONNECTS),
        ("secs", wanted / CONNECTS + 10),
        ("port", port.into()),
    ];
    if let Some(words) = asked.command("--against-idle", &places) {
        let server = their_answering(asked, port);
        let client = Process::start(CLIENTS, &words, Stdio::null());
        let each = settled(&client, wanted).map(|each| each.bytes);
        show(each, "the other client");
        drop((client, server));
    }

    let tls = both(wanted, &people, Some(&certificate()));
    for (process, of) in [("busyhour load", 1), ("busyhour serve", 0)] {
        let of = |(server, client): (Each, Each)| if of == 0 { server } else { client };
        match (plain.map(of), tls.map(of)) {
            (Some(plain), Some(tls)) => println!(
                "TLS: {:.0} bytes a connection and {:.0} us a handshake more in {process}",
                tls.bytes - plain.bytes,
                tls.cpu_us - plain.cpu_us
            ),
            _ => println!("TLS: {process} did not get so far"),
        }
    }
}

/// Customers who think for an hour after the first reply.
fn idle_people(wanted: u32) -> Vec<String> {
    let seconds = f64::from(wanted) / f64::from(CONNECTS);
    vec![
        format!("arrivals.rate={CONNECTS} per second"),
        format!("calendar.horizon={}ms", (seconds * 1e3).round()),
        "customers.think=constant(1h)".to_owned(),
    ]
}

/// A certificate for this machine, which vouches for itself, with its key.
fn certificate() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder can be had");
    let names = vec!["127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate can be made");
    let write = |name: &str, pem: String| {
        std::fs::write(folder.path().join(name), pem).expect("a temporary file can be written");
    };
    write("certificate.pem", made.cert.pem());
    write("key.pem", made.signing_key.serialize_pem());
    folder
}

/// What a connection costs `busyhour serve`, and `busyhour load` with all its people; over TLS
/// with a certificate.
fn both(wanted: u32, people: &[&str], tls: Option<&TempDir>) -> Option<(Each, Each)> {
    let (out, port) = (temporary(), free_port());
    let files =
        tls.map(|folder| ["certificate.pem", "key.pem"].map(|name| folder.path().join(name)));
    let (mut served, mut loaded) = (Vec::new(), people.to_vec());
    let mut targets = at(port);
    if let Some([certificate, key]) = &files {
        served.extend(["--tls-cert", word(certificate), "--tls-key", word(key)]);
        loaded.extend(["--ca", word(certificate)]);
        targets = vec![format!("wss://127.0.0.1:{port}")];
    }
    let server = serve(SERVERS, port, &served);
    let before = Used::by(&server);
    let client = generator(CLIENTS, &targets, &loaded, out.path());
    let each = settled(&client, wanted)?;
    let after = Used::by(&server);
    Some((after.each(before, server.descriptors()), each))
}

/// What each of about `wanted` connections has cost a process that has just started, once nothing
/// happens on them any more.
fn settled(process: &Process, wanted: u32) -> Option<Each> {
    let until = Instant::now() + Duration::from_secs(u64::from(wanted / CONNECTS * 2 + 15));
    let (mut before, mut most) = (Used::by(process), 0);
    let mut grown = Instant::now();
    while most < wanted as usize * 9 / 10 || grown.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(5));
        let open = process.descriptors();
        if open < FEW {
            before = Used::by(process);
        }
        if open > most {
            (most, grown) = (open, Instant::now());
        }
        if Instant::now() > until {
            return None;
        }
    }
    Some(Used::by(process).each(before, most))
}
