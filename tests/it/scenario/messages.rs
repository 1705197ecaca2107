//! `[messages]`: what it resolves to, what it refuses, and that a simulation does not ask.

use std::path::{Path, PathBuf};

use busyhour::scenario::plan::{Messages, Plan};
use busyhour::scenario::read_text;
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::time::Span;

const PLAIN: &str = r#"
[calendar]
horizon = "2h"
[arrivals]
rate = "60 per hour"
[agents]
concurrency = 2
count = 5
reply = "exponential(mean=30s)"
"#;

/// A folder with one file of texts.
fn folder(texts: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("texts.txt"), texts).unwrap();
    folder
}

fn read(folder: &Path, keys: &str) -> Result<Plan, String> {
    let text = format!("{PLAIN}[messages]\n{keys}");
    let plan = read_text("test.toml", &text, folder, &[]);
    plan.map_err(|error| error.message(false))
}

fn messages(keys: &str) -> Messages {
    let folder = folder("One.\n\n  Två. \r\n".as_bytes());
    read(folder.path(), keys).unwrap().messages
}

/// The keys are refused with these words, and nothing else is.
#[track_caller]
fn says(texts: &[u8], keys: &str, words: &[&str]) {
    let folder = folder(texts);
    let message = read(folder.path(), keys).unwrap_err();
    for word in words {
        assert!(message.contains(word), "{word} is not in\n{message}");
    }
    assert!(message.contains("has 1 problem;"), "{message}");
}

#[test]
fn what_is_not_said_is_the_marker_alone() {
    assert_eq!(messages(""), Messages::default());
    let plan = read_text("test.toml", PLAIN, Path::new(""), &[]).unwrap();
    assert_eq!(plan.messages, Messages::default());
}

#[test]
fn sizes_texts_parts_and_typing_are_read() {
    let all = messages(
        "bytes = \"lognormal(mean=120, cv=1)\"\nreply_bytes = \"constant(300)\"
        texts = \"texts.txt\"\nparts = 3\ntyping = \"10s\"",
    );
    let mean = |law: Option<busyhour::stats::law::SizeLaw>| law.unwrap().mean().round();
    assert_eq!((mean(all.bytes), mean(all.reply_bytes)), (120.0, 300.0));
    let texts = all.texts.unwrap();
    assert_eq!(
        (texts.count(), texts.line(0), texts.line(1)),
        (2, "One.", "Två.")
    );
    assert_eq!((all.parts, all.typing), (3, Some(Span::from_secs(10))));
    let same = messages("bytes = \"constant(80)\"");
    assert_eq!(same.bytes, same.reply_bytes);
    let replies = messages("reply_bytes = \"constant(80)\"");
    assert!(replies.bytes.is_none() && replies.reply_bytes.is_some());
}

#[test]
fn the_files_that_are_read_are_known() {
    let folder = folder(b"Hello.\n");
    let plan = read(folder.path(), "texts = \"texts.txt\"").unwrap();
    assert_eq!(plan.source.files, [folder.path().join("texts.txt")]);
    // From the command line names count from the working directory.
    let set = [format!(
        "messages.texts={}",
        folder.path().join("texts.txt").display()
    )];
    let plan = read_text("test.toml", PLAIN, Path::new("elsewhere"), &set).unwrap();
    assert_eq!(
        plan.source.files,
        [PathBuf::from(folder.path()).join("texts.txt")]
    );
}

#[test]
fn sizes_that_are_none_are_refused() {
    let says = |keys, words: &[&str]| says(b"Hello.\n", keys, words);
    says("byte = \"constant(3)\"", &["unknown key `byte`", "`bytes`"]);
    says("bytes = 120", &["a distribution of sizes in bytes"]);
    says(
        "bytes = \"constant(120s)\"",
        &["a plain number is expected here"],
    );
    says("bytes = \"never\"", &["no distribution of sizes"]);
    says(
        "bytes = \"geometric(mean=3)\"",
        &["no distribution of sizes"],
    );
    says("bytes = \"constant(-5)\"", &["zero bytes or more"]);
    says(
        "bytes = \"lognormal(mean=120)\"",
        &["write `lognormal(mean=60, cv=0.8)`"],
    );
    says(
        "bytes = \"constant(8001)\"",
        &[
            "more than a message of the protocol holds",
            "up to 8001 bytes; at most 8000",
        ],
    );
    says(
        "reply_bytes = \"uniform(low=10, high=9000)\"",
        &["`reply_bytes`", "up to 9000 bytes"],
    );
    says(
        "bytes = \"lognormal(median=9000, p90=9001)\"",
        &["half of them more"],
    );
    says("parts = 0", &["from 1 to 10"]);
    says("parts = 11", &["from 1 to 10"]);
    says("typing = \"0s\"", &["`typing` is zero"]);
    says("typing = 10", &["a length of time"]);
    // A law without a greatest size is cut instead.
    assert!(
        messages("bytes = \"lognormal(mean=5000, cv=3)\"")
            .bytes
            .is_some()
    );
    assert!(messages("bytes = \"constant(8000)\"").bytes.is_some());
}

#[test]
fn recorded_sizes_are_a_column() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text| std::fs::write(folder.path().join("sizes.csv"), text).unwrap();
    let keys = "bytes = \"empirical(file=sizes.csv, column=bytes)\"";
    write("bytes\n20\n60\n");
    let plan = read(folder.path(), keys).unwrap();
    assert_eq!(plan.messages.bytes.unwrap().mean().round(), 40.0);
    write("bytes\n20\n60s\n");
    let message = read(folder.path(), keys).unwrap_err();
    assert!(
        message.contains("a whole number of bytes is expected"),
        "{message}"
    );
    write("bytes\n20\n9999\n");
    let message = read(folder.path(), keys).unwrap_err();
    assert!(message.contains("up to 9999 bytes"), "{message}");
}

#[test]
fn texts_that_cannot_be_said_are_refused_with_their_line() {
    let texts = "texts = \"texts.txt\"";
    says(
        b"",
        "texts = \"no.txt\"",
        &["cannot read", "no.txt", "from the scenario's folder"],
    );
    says(b"", "texts = \".\"", &["cannot read"]);
    says(
        b" \n\n",
        texts,
        &["texts.txt has no texts", "nothing but blank lines"],
    );
    says(
        b"one\ntwo\tthree\n",
        texts,
        &["line 2 of", "a control character, U+0009", "texts.txt:2:4"],
    );
    says("a\u{9b}b".as_bytes(), texts, &["line 1 of", "U+009B"]);
    says(
        b"fine\nwrong \xff",
        texts,
        &["line 2 of", "not UTF-8 text", "texts.txt:2:7"],
    );
    let long = format!("fine\n\n{}\n", "é".repeat(3_951));
    says(
        long.as_bytes(),
        texts,
        &["line 3 of", "7902 bytes; at most 7900"],
    );
    let many = "fine and well\n".repeat(1_300_000);
    says(many.as_bytes(), texts, &["is too long", "at most 16 MiB"]);
    says(b"", "texts = 3", &["the name of a file of texts"]);
    // What stands at the edge is fine: the longest line, a byte order mark, no line break at the end.
    let most = format!("\u{feff}{}\nlast", "é".repeat(3_950));
    let folder = folder(most.as_bytes());
    let plan = read(folder.path(), texts).unwrap();
    let read = plan.messages.texts.unwrap();
    assert_eq!((read.line(0).len(), read.line(1)), (7_900, "last"));
}

/// Only so many lines at fault are shown.
#[test]
fn a_file_that_is_no_text_does_not_flood() {
    let folder = folder(&b"\x01\n".repeat(1_000));
    let message = read(folder.path(), "texts = \"texts.txt\"").unwrap_err();
    assert!(message.contains("has 5 problems;"), "{message}");
}

/// Two replications with everything that `[messages]` has, and without: the same to the last field.
#[test]
fn a_simulation_does_not_ask() {
    let played = |messages: Messages| {
        let mut plan = read_text("test.toml", PLAIN, Path::new(""), &[]).unwrap();
        plan.messages = messages;
        plan.replications = 2;
        let options = Options {
            threads: 1,
            records: true,
            ..Options::default()
        };
        simulate(&plan, &options, &Watch::default()).records
    };
    let keys = "bytes = \"constant(80)\"\nparts = 5\ntyping = \"30s\"";
    let (with, without) = (played(messages(keys)), played(Messages::default()));
    assert!(without.iter().all(|records| records.len() > 50));
    assert_eq!(with, without);
}
