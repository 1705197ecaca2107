//! Owns what is expected of protocol files: what is read, and what is said of those that are wrong.
//!
//! Law: every file that comes with the program is read.

use super::*;

fn refused(text: &str) -> String {
    let read = read_text("p.toml", text, Path::new(""));
    read.unwrap_err().plain().to_string()
}

#[test]
fn every_protocol_that_comes_with_the_program_is_read() {
    for name in built_in::NAMES {
        let text = built_in::built_in(name).unwrap();
        // Without the files and variables that some ask for.
        let source = Source {
            name: name.to_string(),
            text: text.to_string(),
            values: Values::default(),
        };
        let protocol = read_again(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(protocol.name(), name);
        assert!(!protocol.about().is_empty(), "{name}");
        assert_eq!(
            protocol.is_tried(),
            !protocol.evidence().starts_with("Never run"),
            "{name}"
        );
    }
    let refused = read_built_in("hexlett").unwrap_err();
    assert!(
        refused.to_string().contains("did you mean `hexlet`?"),
        "{refused}"
    );
}

#[test]
fn the_shortest_file_of_the_documentation_is_read() {
    let document = include_str!("../../../docs/protocol-files.md");
    let (_, rest) = document.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let protocol = read_text("tiny.toml", text, Path::new("")).unwrap();
    assert_eq!(protocol.name(), "tiny");
}

/// As much wrong as fits.
const WRONG: &str = r##"
name = "acme"
evidnce = "none"
dispatch = "sever"
secret = ["user.tokn"]

[transport]
path = "/ws?token=${user.token"
codec = "separator"
pattern = "x"
connection = "chat"

[user]
token = "${hex61}"

[customer]
setup = [{ post = "/in", json = { name = "${n:int}${nam}" }, expects = { "/a" = 1 } }]
connect = [{ send = "x", emit = "y" }, { expect = { "a" = 1, "/b" = { exist = true } } }, "say", {}]
say = "customer.sya"
close = [{ get = "/x", data = {}, capture = { id = "/id", "chat.id" = "id" } }]

[agent]
online = [{ send = { max = "${max_chats:integer}" }, within = "30" }]
say = "customer.say"

[on]
message = { when = { "/t" = "m" }, chat = "/c", pos = "/p" }
closed = [{ when = {}, each = "/*/x" }, { chat = "@1" }]
massage = { when = { "/t" = "m" } }

[[keepalive]]
every = "0s"
send = "ping"

[pacing]
says = "5 per second"
say = "5"
"##;

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    insta::assert_snapshot!(refused(WRONG));
}

/// What can be read and can never work.
const USELESS: &str = r#"
name = "acme"
evidence = "none"
dispatch = "busyhour"

[transport]
path = "/ws"

[customer]
setup = [{ send = "too early" }]
connect = [{ emit = "hello" }]
say = [{ send = { text = "${text}" }, ack = true }]

[agent]
open = []

[on]
typing = { when = { "/type" = "typing" } }
"#;

#[test]
fn what_can_never_work_is_told_before_a_run() {
    insta::assert_snapshot!(refused(USELESS));
}

/// What has to do with polling, and cannot be.
const POLLED: [&str; 4] = [
    r#"
[transport]
kind = "poll"
path = "/ws"
subprotocol = "x"
codec = "socketio"

[transport.poll]
hold = "soon"
gte = "/events"
capture = { since = "/next" }
"#,
    r#"
[transport]
kind = "both"
headers = { Origin = "x" }
"#,
    r#"
[transport]
path = "/ws"
kind = "polls"

[transport.poll]
get = "/events"
post = "/events"
json = { since = "${user.since}" }
body = "x"
"#,
    r#"
[transport]
kind = "poll"

[transport.poll]
get = "/events"

[customer]
connect = [{ send = "hello" }, { expect = { "/t" = "hello" } }]
open = [{ emit = "open" }]

[on]
message = { when = { "/t" = "m" }, text = "/text" }
assigned = { when = { "/t" = "a" } }

[[keepalive]]
every = "20s"
send = "ping"
"#,
];

#[test]
fn what_is_wrong_with_polls_is_told_before_a_run() {
    let head = "name = \"acme\"\nevidence = \"none\"\n";
    let told = POLLED.map(|lines| refused(&format!("{head}{lines}")));
    insta::assert_snapshot!(told.join("\n\n"));
}

/// A file whose agents take chats, but for what is said of that.
fn pulled(top: &str, agent: &str, on: &str) -> String {
    format!(
        "name = 'x'\nevidence = 'none'\n{top}\n[transport]\npath = '/'\n[agent]\n{agent}\n[on]\n\
         message = {{ when = {{ '/t' = 1 }}, text = '/x' }}\n{on}\n"
    )
}

#[test]
fn who_takes_chats_says_how_and_is_told_of_them() {
    let (pull, take) = ("dispatch = 'pull'", "take = [{ send = 'next' }]");
    let queued = "queued = { when = { '/t' = 2 }, chat = '/c' }";
    let fit = pulled(pull, take, queued);
    assert!(read_text("p.toml", &fit, Path::new("")).is_ok());
    for (text, words, place) in [
        (pulled(pull, "", queued), "needs `agent.take`", "p.toml:3:1"),
        (pulled(pull, take, ""), "needs `queued`", "p.toml:3:1"),
        (
            pulled(pull, take, "queued = { when = { '/t' = 2 } }"),
            "no `assigned` here",
            "p.toml:8:2",
        ),
        (
            pulled("", take, "assigned = { when = { '/t' = 3 } }"),
            "they are given them",
            "p.toml:7:9",
        ),
    ] {
        let refused = refused(&text);
        assert!(
            refused.contains(words) && refused.contains(place),
            "{refused}"
        );
    }
}

#[test]
fn a_connection_a_chat_is_asked_for_in_two_places() {
    let assigned = "assigned = { when = { '/t' = 3 } }";
    let fit = pulled("", "", assigned).replace("path = '/'", "path = '/'\nconnection = 'chat'");
    let how = "[chat_connection]\npath = '/${chat.id}'\nconnect = [{ send = 'hello' }]\n";
    assert!(read_text("p.toml", &format!("{fit}{how}"), Path::new("")).is_ok());
    let without = pulled("", "", assigned);
    for (text, words) in [
        (fit.clone(), "needs `[chat_connection]`"),
        (
            format!("{without}{how}"),
            "an agent's chats share its connection",
        ),
        (format!("{fit}[chat_connection]"), "`path` is missing here"),
        (
            format!("{fit}{}", how.replace("send", "emit")),
            "`emit` is for Socket.IO",
        ),
    ] {
        let refused = refused(&text);
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn nobody_comes_back_to_a_server_that_keeps_nothing() {
    let server = |customer: &str, on: &str| {
        let agent = format!("[customer]\n{customer}\n");
        let on = format!("assigned = {{ when = {{ '/t' = 3 }} }}\n{on}");
        pulled("", &agent, &on)
    };
    let resume = "resume = [{ send = 'again' }]";
    let kept = "[resume]\nwithin = '1m'";
    assert!(read_text("p.toml", &server(resume, kept), Path::new("")).is_ok());
    for (customer, on, words) in [
        (resume, "", "needs `[resume]`"),
        ("", "gone = { when = { '/t' = 4 } }", "needs `[resume]`"),
        ("", "[resume]", "`within` is missing here"),
        (
            "",
            "[resume]\nwithin = '1m'\nkeep = ['user.x']",
            "this is kept anyway",
        ),
        (
            "",
            "[resume]\nwithin = '1m'\nkeep = ['connection.x']",
            "nothing gives `connection.x` a value",
        ),
    ] {
        let refused = refused(&server(customer, on));
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn the_schema_knows_every_protocol_that_comes_with_the_program() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for name in built_in::NAMES {
        let text = built_in::built_in(name).unwrap();
        let file: serde_json::Value = toml::from_str(text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&file)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{name}");
    }
    let wrong: serde_json::Value = toml::from_str(WRONG).unwrap();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn columns_and_variables_go_along_to_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("users.csv"), "name,token\na,t1\nb,t2\n").unwrap();
    let text = r#"
        name = "x"
        evidence = "none"
        secret = ["columns.token"]
        [transport]
        path = "/${columns.token}/${env.key}"
        [columns]
        token = "users.csv:token"
        [env]
        key = "KEY_OF_X"
        [on]
        message = { when = { "/t" = 1 }, text = "/text" }
        assigned = { when = { "/t" = 2 } }
    "#;
    let at = |known: bool| {
        let env = move |name: &str| (known && name == "KEY_OF_X").then(|| "k7".to_string());
        let outside = Outside {
            folder: folder.path(),
            env: &env,
            taken: None,
        };
        read_with("x.toml", text, &outside)
    };
    let protocol = at(true).unwrap();
    let source = serde_json::to_string(protocol.source()).unwrap();
    let again = read_again(&serde_json::from_str(&source).unwrap()).unwrap();
    assert_eq!(again.source(), protocol.source());
    assert_eq!(again.source().values.cell("token", false, 3), Some("t2"));
    assert!(!format!("{:?} {:?}", protocol.source().values, protocol).contains("t2"));
    let refused = at(false).unwrap_err();
    assert!(
        refused
            .plain()
            .contains("the environment has no `KEY_OF_X`"),
        "{refused}"
    );
    let missing = text.replace("users.csv:token", "users.csv:tokn");
    let refused = read_text("x.toml", &missing, folder.path()).unwrap_err();
    assert!(
        refused.plain().contains("users.csv has no column `tokn`"),
        "{refused}"
    );
}
