//! Arguments in, exit status out; prints an error chain, nothing else.

fn main() -> std::process::ExitCode {
    tendero::cli::main()
}
