//! What does not fit into the memory: refused with words, never ended by the system.

use std::fs::File;

use super::program::Program;

/// A CSV without a line break, as large as is asked and taking nothing of the disk.
fn sparse(program: &Program, bytes: u64) {
    let file = File::create(program.path("sparse.csv")).unwrap();
    file.set_len(bytes).unwrap();
}

#[test]
fn a_file_without_line_breaks_is_refused() {
    let program = Program::new();
    sparse(&program, 5_000_000_000);
    let head = |name: &str, text: &str| {
        let mut whole = text.as_bytes().to_vec();
        whole.resize(3 << 20, b'7');
        std::fs::write(program.path(name), whole).unwrap();
    };
    head("later.csv", "at,seconds\n1,2\n1,\"");
    let refused = |set: &str, words: &[&str]| {
        let line = format!("ulimit -v 3000000; exec $BUSYHOUR check small.toml --set '{set}'");
        program.shell(&line).fails_with(2, words);
    };
    let long = ["line 1 of sparse.csv is too long", "1 MiB", "line break"];
    refused(
        "agents.reply=empirical(file=sparse.csv, column=seconds)",
        &long,
    );
    refused(
        "arrivals.intraday={ file = \"sparse.csv\", column = \"seconds\", every = \"30m\" }",
        &long,
    );
    refused(
        "arrivals.replay={ file = \"sparse.csv\", time = \"at\" }",
        &long,
    );
    refused(
        "agents.reply=empirical(file=later.csv, column=seconds)",
        &["line 3 of later.csv is too long", "close each quote"],
    );
}

#[test]
fn what_is_no_file_is_refused() {
    let program = Program::new();
    program.shell("mkfifo pipe").ends_with(0);
    for name in ["/dev/zero", "/dev/null", "pipe"] {
        let set = format!("agents.reply=empirical(file={name}, column=seconds)");
        let words = [name, "not a regular file", "into a file first"];
        let run = program.run(&["check", "small.toml", "--set", &set]);
        run.fails_with(2, &words);
    }
    program
        .run(&["check", "/dev/zero"])
        .fails_with(2, &["cannot read /dev/zero", "too long for a scenario"]);
}

#[test]
fn more_rows_than_the_memory_holds_are_refused() {
    let program = Program::new();
    let rows = "2026-11-23T09:00:00\n".repeat(4_000_000);
    std::fs::write(program.path("many.csv"), format!("at\n{rows}")).unwrap();
    program
        .shell(
            "ulimit -v 200000; exec $BUSYHOUR check small.toml --set \
             'arrivals.replay={ file = \"many.csv\", time = \"at\" }'",
        )
        .fails_with(2, &["of many.csv", "this machine has memory for"]);
}

#[test]
fn more_chats_than_the_memory_holds_are_refused_and_warned_of() {
    let program = Program::new();
    let many = "--set 'arrivals.rate=1000000 per second' --set agents.count=1";
    let patient = "--set 'customers.queue_patience=never'";
    let simulate = format!("$BUSYHOUR simulate small.toml --threads 2 {many} {patient}");
    let words = [
        "too little memory",
        "open at once",
        "in 2 replications",
        "queue.limit",
    ];
    program
        .shell(&format!(
            "ulimit -v 4000000; exec {simulate} --replications 2"
        ))
        .fails_with(2, &words);
    let check = format!("$BUSYHOUR check small.toml {many} {patient}");
    let check = program
        .shell(&format!("ulimit -v 4000000; exec {check}"))
        .ends_with(0);
    assert!(
        check.stdout.contains("a simulation would be refused"),
        "{}",
        check.stdout
    );
}

/// The rows of a replication are kept until it ends.
#[test]
fn more_rows_than_the_memory_holds_are_not_begun() {
    let program = Program::new();
    let many = "--set 'arrivals.rate=20000 per second' --set queue.limit=10 --threads 1";
    let simulate = format!("$BUSYHOUR simulate small.toml {many} --records rows.csv");
    let words = ["36,000,000 rows to be kept", "leave out `--records`"];
    let run = program.shell(&format!("ulimit -v 4000000; exec {simulate}"));
    run.fails_with(2, &words);
}

/// Many customers are no need of memory where few are there at a time.
#[test]
fn many_who_do_not_wait_are_not_refused() {
    let program = Program::new();
    let many = "--set 'arrivals.rate=1000000 per second' --set agents.count=1";
    let check = |set: &str| {
        let line = format!("ulimit -v 4000000; exec $BUSYHOUR check small.toml {many} --set {set}");
        let out = program.shell(&line).ends_with(0).stdout;
        assert!(!out.contains("would be refused"), "{out}");
    };
    check("queue.limit=1000");
    check("customers.queue_patience='constant(1s)'");
}
