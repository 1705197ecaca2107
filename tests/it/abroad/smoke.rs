//! Each server starts, answers its handshake, can be killed and started again, and leaves nothing.

pub mod assigned;
pub mod line;
mod stanzas;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::Duration;

use crate::servers::{PASSWORD, Prosody, Server, hexlet, prosody, socketio};
use line::Line;

fn process(server: &Server) -> PathBuf {
    PathBuf::from(format!("/proc/{}", server.id()))
}

fn is_closed(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err() && TcpListener::bind(address).is_ok()
}

/// Plays a server's life, with a look at whether it answers each time that it has started.
fn lives(mut server: Server, answers: impl Fn(&Server) -> Line) {
    let (address, first) = (server.address(), process(&server));
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    assert_eq!(listeners(&first), [address], "{}", server.log());
    // The connection is open when the server dies, and still there when it is back.
    let held = answers(&server);

    server.kill();
    assert!(is_closed(address) && !first.exists());
    server.restart();
    assert_eq!(server.address(), address);
    let second = process(&server);
    assert_ne!(first, second);
    drop(answers(&server));
    drop(held);

    // A test that fails drops what it has.
    let failed = catch_unwind(AssertUnwindSafe(move || {
        let _held = server;
        resume_unwind(Box::new("a test fails"));
    }));
    assert!(failed.is_err());
    assert!(is_closed(address) && !second.exists());
}

/// The IPv4 addresses at which a process listens; an IPv6 one is told as `[::]:0`.
fn listeners(process: &std::path::Path) -> Vec<SocketAddr> {
    let open = std::fs::read_dir(process.join("fd")).unwrap();
    let open: Vec<String> = open
        .filter_map(|file| std::fs::read_link(file.unwrap().path()).ok())
        .map(|file| file.to_string_lossy().into_owned())
        .collect();
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = std::fs::read_to_string(process.join("net").join(table)).unwrap();
        for row in text.lines().skip(1) {
            let fields: Vec<&str> = row.split_whitespace().collect();
            let (at, state, inode) = (fields[1], fields[3], fields[9]);
            if state != "0A" || !open.contains(&format!("socket:[{inode}]")) {
                continue;
            }
            let (host, port) = at.split_once(':').unwrap();
            let port = u16::from_str_radix(port, 16).unwrap();
            found.push(match u32::from_str_radix(host, 16) {
                Ok(host) => SocketAddr::from((host.to_le_bytes(), port)),
                Err(_) => SocketAddr::from(([0; 16], 0)),
            });
        }
    }
    found
}

#[test]
#[ignore = "needs a real server"]
fn prosody_lives_and_leaves_nothing() {
    let Some(server) = prosody(Prosody::default()) else {
        return;
    };
    lives(server, stanzas::customer);
}

#[test]
#[ignore = "needs a real server"]
fn the_socketio_server_lives_and_leaves_nothing() {
    let Some(server) = socketio() else { return };
    lives(server, assigned::connect);
}

#[test]
#[ignore = "needs a real server"]
fn hexlet_lives_and_leaves_nothing() {
    let Some(server) = hexlet() else { return };
    lives(server, |server| {
        let token = sign_up(server);
        assert!(token.contains(r#""token":""#), "{token}");
        assigned::connect(server)
    });
}

/// Asks for an account over REST and gives the answer's body.
fn sign_up(server: &Server) -> String {
    let body = r#"{"username":"somebody","password":"secret"}"#;
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = format!(
        "POST /api/v1/signup HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.address(),
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    answer
}
