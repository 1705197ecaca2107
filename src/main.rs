//! The program: everything is in the library, the exit code comes from `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    busyhour::cli::main()
}
