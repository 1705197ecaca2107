//! Over TLS: runs, their errors before the start, and secrets that nobody gets to see.

mod authority;
mod parrot;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use busyhour::live::access::Access;
use busyhour::live::credentials::{Credentials, Header, Values};
use busyhour::live::socket::{SocketLimits, dial};
use busyhour::live::target::Target;
use busyhour::live::tls::Trust;
use busyhour::live::way::Way;
use busyhour::live::{Options, Outcome, load, watch::Watch};
use busyhour::secret::Secret;
use busyhour::server::Server;
use busyhour::wire::frame::AgentSide;
use busyhour::wire::tls::{Certificates, Identity, provider};
use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_tungstenite::accept_async;

use crate::cli::program::{Program, Running};
use crate::server::peer::{DEADLINE, options};
use authority::Authority;

/// A few minutes of `small.toml` in two seconds.
const SHORT: [&str; 8] = [
    "load",
    "small.toml",
    "--set",
    "calendar.horizon=2m",
    "--set",
    "run.drain_limit=2m",
    "--speed",
    "120",
];

/// Starts `serve` with these flags, and gives its port.
fn serve(program: &Program, flags: &[&str]) -> (Running, String) {
    let mut server = program.start(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat());
    let line = server.line();
    let port = line.rsplit(':').next().unwrap().to_owned();
    (server, port)
}

/// A folder with certificates: of the own authority for `localhost`, one that has expired, one for
/// another name, and a client's; and of a foreign authority, the client's.
fn folder() -> Program {
    let program = Program::new();
    let (own, foreign) = (Authority::new("own"), Authority::new("foreign"));
    let here = ["localhost", "127.0.0.1"];
    own.write(&program.path("own.pem"));
    foreign.write(&program.path("foreign.pem"));
    own.issue(&here).write(&program, "server");
    own.issue_expired(&here).write(&program, "expired");
    own.issue(&["other.example"]).write(&program, "other");
    own.issue(&["client"]).write(&program, "client");
    foreign.issue(&["client"]).write(&program, "stranger");
    program
}

fn identity(program: &Program, name: &str) -> Identity {
    let file = |end: &str| program.path(&format!("{name}.{end}"));
    Identity::read(&file("pem"), &file("key")).unwrap()
}

/// The small plan, played against a target.
fn play(target: &str, access: Option<Access>) -> Outcome {
    let options = Options {
        targets: vec![Target::parse(target).unwrap()],
        access: access.map(Arc::new),
        ..Options::default()
    };
    load(&crate::live::small(), &options, &Watch::default()).unwrap()
}

/// Over TLS, with a client certificate and a header, a run finds what it finds without.
#[test]
fn a_run_over_tls_is_as_valid_as_without() {
    let program = folder();
    let flags = [
        "--tls-cert=server.pem",
        "--tls-key=server.key",
        "--client-ca=own.pem",
    ];
    let (plain, over_tls) = (serve(&program, &[]), serve(&program, &flags));
    let header = Values::Same(Secret::new("Bearer 4711"));
    let header = Header::new("authorization", header).unwrap();
    let access = Access {
        trust: Trust::These(Certificates::read(&program.path("own.pem")).unwrap()),
        identity: Some(identity(&program, "client")),
        credentials: Credentials::new(vec![header], None).unwrap(),
    };
    let runs = [
        play(&format!("ws://localhost:{}", plain.1), None),
        play(&format!("wss://localhost:{}", over_tls.1), Some(access)),
    ];
    for run in &runs {
        let verdict = &run.result.verdict;
        assert_eq!(
            (verdict.valid, verdict.failed.as_deref()),
            (Some(true), None)
        );
        assert_eq!(verdict.reasons, Vec::<String>::new());
        assert_eq!(run.result.value("handled"), Some(2.0));
        // Nothing was lost under way.
        assert_eq!(run.result.measure("delivery_ms_p50").unwrap().samples, 2);
    }
    for count in [
        "arrived",
        "offered",
        "handled",
        "failed",
        "broken",
        "open_at_end",
    ] {
        let [plain, over_tls] = runs.each_ref().map(|run| run.result.value(count));
        assert_eq!(plain, over_tls, "{count}");
    }
    let echo = &runs[1].result.scenario;
    assert_eq!(
        (echo.insecure, &echo.headers[..]),
        (false, &["authorization".to_owned()][..])
    );
}

#[test]
fn a_certificate_that_nobody_checks_is_told() {
    let program = folder();
    let (_server, port) = serve(&program, &["--tls-cert=other.pem", "--tls-key=other.key"]);
    let target = format!("--target=wss://127.0.0.1:{port}");
    let run = program.run(&[&SHORT[..], &[&target, "--insecure"]].concat());
    // A busy machine may spoil the schedule, and that is for other tests to say.
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    assert!(
        run.stdout.contains("certificate was not checked"),
        "{}",
        run.stdout
    );
    let result = program.result("run.json");
    assert!(result.scenario.insecure);
    assert_eq!(result.value("failed"), Some(0.0));
}

/// Each worker is handed all that a connection needs.
#[test]
fn workers_get_in_as_well() {
    let program = folder();
    let flags = [
        "--tls-cert=server.pem",
        "--tls-key=server.key",
        "--client-ca=own.pem",
    ];
    let (_server, port) = serve(&program, &flags);
    let target = format!("--target=wss://localhost:{port}");
    let flags = [
        &target,
        "--workers=2",
        "--ca=own.pem",
        "--cert=client.pem",
        "--key=client.key",
    ];
    let run = program.run(&[&SHORT[..], &flags].concat());
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    let result = program.result("run.json");
    assert!(result.value("handled") > Some(0.0));
    assert_eq!(result.value("failed"), Some(0.0));
    // What keeps one of them from it is told as by a single process.
    let run = program.run(&[&SHORT[..], &flags[..3]].concat());
    run.fails_with(3, &["asks for a client certificate", "--cert FILE"]);
}

/// Without --ca those count whom the system trusts, by the variables that name them for all.
#[test]
fn the_systems_authorities_are_gone_by() {
    let program = folder();
    let (_server, port) = serve(&program, &["--tls-cert=server.pem", "--tls-key=server.key"]);
    let run = |roots: &str| {
        let load = SHORT.join(" ");
        let target = format!("--target wss://localhost:{port}");
        program.shell(&format!(
            "SSL_CERT_DIR= SSL_CERT_FILE={roots} $BUSYHOUR {load} {target}"
        ))
    };
    run("foreign.pem").fails_with(3, &["authority", "--ca FILE"]);
    run("none.pem").fails_with(2, &["names no authorities", "none.pem", "--ca FILE"]);
    let own = run("own.pem");
    assert!([Some(0), Some(4)].contains(&own.code), "{}", own.stderr);
}

/// What is wrong with one end or the other ends the run before the start, and is said once.
#[test]
fn what_keeps_a_run_from_starting_is_said() {
    let program = folder();
    let tls = |name: &str, more: &[&str]| {
        let own = [
            format!("--tls-cert={name}.pem"),
            format!("--tls-key={name}.key"),
        ];
        serve(
            &program,
            &[&own.each_ref().map(String::as_str), more].concat(),
        )
    };
    let (good, picky) = (tls("server", &[]), tls("server", &["--client-ca=own.pem"]));
    let (expired, other) = (tls("expired", &[]), tls("other", &[]));
    let plain = serve(&program, &[]);
    let ca = &["--ca=own.pem"][..];
    let stranger = &["--ca=own.pem", "--cert=stranger.pem", "--key=stranger.key"];
    let name = "not for `localhost` but for other.example";
    let refused = "turned the client certificate down";
    for (scheme, server, flags, words) in [
        ("wss", &expired, ca, ["has expired", "renew"]),
        ("wss", &other, ca, [name, "name the host"]),
        (
            "wss",
            &picky,
            ca,
            ["asks for a client certificate", "--cert"],
        ),
        ("wss", &picky, stranger, [refused, "--cert FILE"]),
        ("wss", &plain, ca, ["TLS", "--target ws://localhost"]),
        (
            "ws",
            &good,
            &[],
            ["not speak HTTP", "--target wss://localhost"],
        ),
    ] {
        let target = format!("--target={scheme}://localhost:{}", server.1);
        let run = program.run(&[&SHORT[..], &[&target], flags].concat());
        assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
        assert_eq!(run.stdout, "");
        run.fails_with(3, &words);
        assert!(!program.path("run.json").exists());
    }
}

/// Where no agent is there at the start, a customer would be the first to find out.
#[test]
fn it_is_said_as_well_where_nobody_is_there_at_the_start() {
    let program = folder();
    let (_server, port) = serve(&program, &["--tls-cert=server.pem", "--tls-key=server.key"]);
    let mut plan = crate::live::small();
    plan.shifts
        .iter_mut()
        .for_each(|shift| shift.from = shift.from + busyhour::time::Span(1));
    let options = Options {
        targets: vec![Target::parse(&format!("ws://localhost:{port}")).unwrap()],
        ..Options::default()
    };
    let error = load(&plan, &options, &Watch::default()).unwrap_err();
    assert!(error.message(false).contains("wss://"), "{error}");
}

#[test]
fn files_and_flags_that_are_of_no_use_are_refused() {
    let program = folder();
    std::fs::write(program.path("junk.pem"), "canary").unwrap();
    let cut = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
    std::fs::write(program.path("cut.pem"), cut).unwrap();
    let wss = "--target=wss://127.0.0.1:9";
    for (flags, words) in [
        (&[wss, "--ca=none.pem"][..], "cannot read none.pem"),
        (&[wss, "--ca=/dev/zero"], "too large"),
        (&[wss, "--ca=junk.pem"], "junk.pem holds no certificates"),
        (&[wss, "--ca=cut.pem"], "cut.pem holds no certificates"),
        (
            &[wss, "--ca=own.pem", "--cert=client.pem", "--key=junk.pem"],
            "junk.pem holds no private key",
        ),
        (
            &[wss, "--ca=own.pem", "--cert=client.pem", "--key=server.key"],
            "server.key is not that of",
        ),
        (
            &["--ca=own.pem", "--target=ws://127.0.0.1:9"],
            "--ca is of no use",
        ),
        (&["--insecure"], "--insecure is of no use"),
        (&[wss, "--insecure", "--ca=own.pem"], "cannot be used with"),
        (&[wss, "--cert=client.pem"], "--key"),
    ] {
        let run = program.run(&[&SHORT[..], flags].concat());
        assert!(!run.stderr.contains("canary"), "{}", run.stderr);
        run.fails_with(2, &[words]);
    }
    for (flags, words) in [
        (&["--tls-cert=server.pem"][..], "--tls-key"),
        (
            &["--tls-cert=server.pem", "--tls-key=client.key"],
            "client.key is not that of",
        ),
        (&["--client-ca=own.pem"], "--tls-cert"),
    ] {
        let run = program.run(&[&["serve", "--listen=127.0.0.1:0"], flags].concat());
        run.fails_with(2, &[words]);
    }
}

/// Who connects and says nothing keeps nobody else from coming in, and is turned away in the end.
#[tokio::test]
async fn a_slow_handshake_is_its_own_affair() {
    let program = folder();
    let mut options = options(10);
    options.idle = Duration::from_secs(2);
    let own = identity(&program, "server");
    let server = Server::bind_tls(options, &own, None).await.unwrap();
    let addr = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async { drop(stopped.await) }));
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(addr).await.unwrap());
    }
    let program = Arc::new(program);
    let run = tokio::task::spawn_blocking(move || {
        let access = Access {
            trust: Trust::These(Certificates::read(&program.path("own.pem")).unwrap()),
            ..Access::default()
        };
        play(&format!("wss://127.0.0.1:{}", addr.port()), Some(access))
    });
    assert_eq!(run.await.unwrap().result.value("handled"), Some(2.0));
    for mut stream in silent {
        let heard = timeout(DEADLINE, stream.read(&mut [0; 64])).await;
        assert!(matches!(heard, Ok(Ok(0) | Err(_))), "{heard:?}");
    }
    let _ = stop.send(());
    let stats = serving.await.unwrap();
    assert_eq!((stats.connections, stats.refused), (4, 20));
}

/// A server that ends TCP without the end of TLS, after closing the WebSocket or in the midst of it.
async fn abrupt(listener: TcpListener, own: Identity) {
    let (chain, key) = own.der().unwrap();
    let config = ServerConfig::builder_with_provider(provider());
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    for closes in [true, false] {
        let stream = acceptor
            .accept(listener.accept().await.unwrap().0)
            .await
            .unwrap();
        let mut ws = accept_async(stream).await.unwrap();
        if closes {
            ws.close(None).await.unwrap();
            // The answer to it.
            ws.next().await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn whether_a_connection_was_over_is_the_websockets_to_say() {
    let program = folder();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(abrupt(listener, identity(&program, "server")));
    let target = Target::parse(&format!("wss://localhost:{port}")).unwrap();
    let access = Access {
        trust: Trust::Anybody,
        ..Access::default()
    };
    let address = target.resolve(&[]).await.unwrap();
    let way = Way::new(vec![address], Arc::new(access)).unwrap();
    for closes in [true, false] {
        let dialled = dial::<AgentSide, _>(&way, 0, SocketLimits::default());
        let mut socket = dialled.await.unwrap();
        let heard = timeout(DEADLINE, socket.next()).await.unwrap();
        assert_eq!(heard.is_none(), closes, "{heard:?}");
    }
}
