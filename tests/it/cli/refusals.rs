//! What does not run: each with its exit code and words that help.

use std::net::TcpListener;

use super::program::Program;

#[test]
fn unknown_flags_are_refused() {
    let program = Program::new();
    program
        .run(&["simulate", "small.toml", "--replicatons", "3"])
        .fails_with(2, &["--replicatons", "--replications"]);
    program.run(&["simulat"]).fails_with(2, &["simulate"]);
    program.run(&["simulate"]).fails_with(2, &["<FILE>"]);
    let zero = program.run(&["simulate", "small.toml", "--threads", "0"]);
    zero.fails_with(2, &["--threads"]);
}

#[test]
fn a_window_or_scale_that_is_none_is_refused() {
    let program = Program::new();
    let run = |args: &[&str]| program.run(&[&["check", "small.toml"], args].concat());
    run(&["--window", "tuesday"]).fails_with(2, &["'tuesday' is no window", "fri 09:00/10:00"]);
    run(&["--window", "tue 09:00/10:00"]).fails_with(
        2,
        &[
            "does not lie within",
            "from Mon 2026-11-23 09:00 to Mon 2026-11-23 09:30",
        ],
    );
    run(&["--window", "mon 09:00/09:10", "--busy-hour"]).fails_with(2, &["cannot be used with"]);
    run(&["--with-agents"]).fails_with(2, &["--scale"]);
    for scale in ["0", "nan", "1e300", "inf", "-1", "twice"] {
        let says = ["--scale", "a number above 0, at most 1000000, is expected"];
        run(&["--scale", scale]).fails_with(2, &says);
    }
    run(&["--warm-up", "5"]).fails_with(2, &["run.warm_up=5"]);
}

#[test]
fn a_missing_scenario_is_refused() {
    let program = Program::new();
    for command in ["simulate", "load", "check", "serve"] {
        program
            .run(&[command, "no-such.toml"])
            .fails_with(2, &["cannot read no-such.toml", "no such file"]);
    }
}

#[test]
fn a_wrong_change_is_refused() {
    let program = Program::new();
    program
        .run(&["simulate", "small.toml", "--set", "agents.concurency=4"])
        .fails_with(2, &["concurency", "concurrency"]);
    program
        .run(&["simulate", "small.toml", "--replications", "0"])
        .fails_with(2, &["replications"]);
}

#[test]
fn numbers_that_make_no_plan_are_refused() {
    let program = Program::new();
    let refused = |set: &str, words: &[&str]| {
        let run = program.run(&["simulate", "small.toml", "--set", set]);
        run.fails_with(2, words);
    };
    refused(
        "agents.reply=hyperexponential(mean=60s, cv=0.5)",
        &["a hyperexponential law has a cv above 1"],
    );
    refused(
        "gate.abandond_ratio=\"< 1\"",
        &["did you mean `abandoned_ratio`?"],
    );
    refused(
        "run.precision.wait_s_maen=2%",
        &["did you mean `wait_s_mean`?"],
    );
}

#[test]
fn an_unwritable_result_fails_before_the_run() {
    let program = Program::new();
    program
        .run(&["simulate", "small.toml", "--out", "none/run.json"])
        .fails_with(
            3,
            &[
                "cannot write none/run.json: no such file or directory",
                "make the folder none",
            ],
        );
    program
        .run(&["simulate", "small.toml", "--records", "/none/records.csv"])
        .fails_with(3, &["cannot write /none/records.csv"]);
    assert!(!program.path("run.json").exists());
}

#[test]
fn what_the_run_reads_or_writes_already_is_not_overwritten() {
    let program = Program::new();
    let rows = "at\n2026-11-23T09:00:00\n";
    std::fs::write(program.path("own.csv"), rows).unwrap();
    program
        .shell("ln -s small.toml link.toml; mkdir in")
        .ends_with(0);
    let scenario = std::fs::read(program.path("small.toml")).unwrap();
    let replay = "arrivals={ replay = { file = \"own.csv\", time = \"at\" } }";
    for (args, words) in [
        (
            &["--out", "small.toml"][..],
            "--out small.toml would overwrite small.toml",
        ),
        (
            &["--records", "link.toml"],
            "--records link.toml would overwrite small.toml",
        ),
        (
            &["--out", "./new", "--records", "in/../new"],
            "--records in/../new would overwrite ./new",
        ),
        (
            &["--set", replay, "--out", "own.csv"],
            "--out own.csv would overwrite own.csv",
        ),
        (
            &["--trace", "customer:0", "--out", "small.toml"],
            "would overwrite",
        ),
    ] {
        let args = [&["simulate", "small.toml", "--quiet"][..], args].concat();
        let args: Vec<_> = match args.contains(&"--trace") {
            true => args.into_iter().filter(|arg| *arg != "--quiet").collect(),
            false => args,
        };
        program
            .run(&args)
            .fails_with(2, &[words, "name another file"]);
    }
    assert_eq!(std::fs::read(program.path("small.toml")).unwrap(), scenario);
    assert_eq!(
        std::fs::read_to_string(program.path("own.csv")).unwrap(),
        rows
    );
    assert!(!program.path("new").exists());
    let devices = [
        "--out",
        "/dev/null",
        "--records",
        "/dev/null",
        "--replications",
        "2",
    ];
    let run = program.run(&[&["simulate", "small.toml"][..], &devices].concat());
    run.ends_with(0);
}

#[test]
fn a_full_disk_fails_after_the_report() {
    let program = Program::new();
    let run = program.run(&[
        "simulate",
        "small.toml",
        "--replications",
        "2",
        "--out",
        "/dev/full",
    ]);
    assert!(run.stdout.contains("Chats"), "{}", run.stdout);
    assert!(!run.stdout.contains("result:"), "{}", run.stdout);
    run.fails_with(3, &["cannot write /dev/full", "no space left"]);
    program
        .shell("$BUSYHOUR simulate small.toml --replications 2 >/dev/full")
        .fails_with(3, &["cannot write to stdout"]);
}

#[test]
fn a_port_in_use_fails() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let program = Program::new();
    let serve = program.run(&["serve", "--listen", &address]);
    serve.fails_with(3, &[&address, "in use"]);
}

#[test]
fn a_target_that_refuses_fails() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let target = format!("ws://{free}");
    let program = Program::new();
    let load = program.run(&["load", "small.toml", "--target", &target]);
    load.fails_with(3, &[&free.to_string(), "refused"]);
}

/// Somebody answers, but not as a chat server: to start one there would be no help.
#[test]
fn a_target_that_is_no_chat_server_fails() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"220 mail.example.org ready\r\n");
        }
    });
    let program = Program::new();
    let run = program
        .run(&["load", "small.toml", "--target", &target])
        .ends_with(3);
    for words in [&target, "is no WebSocket server", "--target"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("busyhour serve"), "{}", run.stderr);
}

#[test]
fn a_host_that_is_not_allowed_is_refused() {
    let program = Program::new();
    for target in ["ws://192.0.2.1:4210", "ws://[2001:db8::1]:4210"] {
        let load = program.run(&["load", "small.toml", "--target", target]);
        load.fails_with(2, &["--allow-target"]);
    }
    let load = program.run(&["load", "small.toml", "--target", "ftp://127.0.0.1:1"]);
    load.fails_with(2, &["ws://HOST:PORT"]);
    let serve = program.run(&["serve", "--listen", "0.0.0.0:0"]);
    serve.fails_with(2, &["--allow-remote"]);
}

#[test]
fn a_server_is_asked_for_what_it_can_do() {
    let program = Program::new();
    for (flags, words) in [
        (["--policy", "fewest"], "most-active-first"),
        (["--inactivity", "5"], "15m"),
        (["--inactivity", "0s"], "above zero"),
        (["--age-after", "soon"], "15m"),
        (["--priorities", "0"], "--priorities"),
        (["--speed", "nan"], "0.001"),
    ] {
        let args = [&["serve", "--listen", "127.0.0.1:0"][..], &flags].concat();
        program.run(&args).fails_with(2, &[flags[0], words]);
    }
}

#[test]
fn too_few_descriptors_are_refused() {
    let program = Program::new();
    program
        .shell("ulimit -n 40; exec $BUSYHOUR load small.toml --set agents.count=100")
        .fails_with(
            2,
            &["too few descriptors", "40 are allowed", "hard limit is 40"],
        );
}

#[test]
fn scaling_hides_no_fault() {
    let program = Program::new();
    let run = |args: &[&str]| program.run(&[&["simulate", "small.toml"], args].concat());
    run(&["--set", "arrivals.scale=two", "--scale", "3"]).fails_with(2, &["arrivals.scale"]);
    let half = ["--set", "agents.count=2.5", "--scale", "2", "--with-agents"];
    run(&half).fails_with(2, &["agents.count", "whole number"]);
    run(&["--replication", "4294967295"]).fails_with(2, &["--replication"]);
}

/// What looks like a negative number is a value, and refused as one.
#[test]
fn negative_numbers_are_values_that_are_refused() {
    let program = Program::new();
    let refused = |args: &[&str], words: &[&str]| {
        let run = program.run(args);
        let strange = run.stderr.contains("unexpected argument");
        assert!(!strange, "{}", run.stderr);
        run.fails_with(2, words);
    };
    refused(
        &["simulate", "small.toml", "--seed", "-1"],
        &["'-1'", "--seed"],
    );
    refused(
        &["simulate", "small.toml", "--replication", "-1"],
        &["'-1'", "--replication"],
    );
    refused(
        &["load", "small.toml", "--speed", "-1"],
        &["`speed` is out of range"],
    );
    let erlang = |rate: &str, aht: &str, words: &[&str]| {
        refused(&["erlang", "c", "--rate", rate, "--aht", aht], words);
    };
    erlang("-1 per hour", "3m", &["'-1 per hour'", "--rate"]);
    erlang("1 per hour", "-3m", &["'-3m'", "--aht"]);
}

/// A flag stands for a change; an empty one would take the key out without a word.
#[test]
fn a_flag_without_its_value_is_refused() {
    let program = Program::new();
    let run = |flag: &str, value: &str| program.run(&["simulate", "small.toml", flag, value]);
    run("--precision", "wait_s_mean=").fails_with(2, &["run.precision.wait_s_mean", "is empty"]);
    run("--warm-up", "").fails_with(2, &["run.warm_up", "is empty"]);
}

/// Before the scenario starts nothing can be played.
#[test]
fn a_warm_up_that_is_lost_is_told() {
    let program = Program::new();
    let told = |window: &str| {
        let args = ["check", "small.toml", "--warm-up", "5m", "--window", window];
        program.run(&args).ends_with(0).stdout
    };
    let none = told("mon 09:00/09:10");
    assert!(none.contains("without its warm-up of 5m"), "{none}");
    let part = told("mon 09:02/09:10");
    assert!(part.contains("with 2m of its warm-up of 5m"), "{part}");
    assert!(!told("mon 09:05/09:10").contains("of its warm-up"));
}
