//! Nobody at the port, or a server that speaks something else: one error that says what to do, and no
//! run.

use std::net::SocketAddr;
use std::time::Instant;

use super::spoken::{HEXLET, PATIENCE, SCENARIO, SOCKETIO, Spoken, XMPP};
use crate::cli::program::{Ended, Program};

fn load(spoken: Spoken, address: SocketAddr, more: &str) -> Ended {
    let program = Program::new();
    std::fs::write(program.path("busy.toml"), SCENARIO).unwrap();
    let protocol = spoken.protocol;
    let began = Instant::now();
    let ended = program.shell(&format!(
        "timeout -s KILL 75 $BUSYHOUR load busy.toml --target ws://{address} --protocol {protocol} \
         {more}"
    ));
    assert!(began.elapsed() < PATIENCE, "it hangs");
    println!("{protocol} {more}: {:?} {}", began.elapsed(), ended.stderr);
    ended
}

/// One error, with what to do.
fn refused(ended: Ended, words: &[&str]) {
    let errors = ended.stderr.matches("error:").count();
    assert_eq!(errors, 1, "{}", ended.stderr);
    let with_help = [words, &["help:"]].concat();
    ended.fails_with(3, &with_help);
}

#[test]
#[ignore = "needs a real server"]
fn nobody_is_there() {
    let Some(mut server) = SOCKETIO.start() else {
        return;
    };
    server.kill();
    for spoken in [XMPP, SOCKETIO, HEXLET] {
        for more in ["", "--workers 2"] {
            refused(load(spoken, server.address(), more), &["cannot reach"]);
        }
    }
}

#[test]
#[ignore = "needs a real server"]
fn it_speaks_something_else() {
    for (speaks, asked) in [
        (XMPP, &[SOCKETIO, HEXLET]),
        (SOCKETIO, &[XMPP, HEXLET]),
        (HEXLET, &[XMPP, SOCKETIO]),
    ] {
        let Some(server) = speaks.start() else {
            return;
        };
        for asked in asked {
            refused(load(*asked, server.address(), ""), &[]);
        }
    }
}
