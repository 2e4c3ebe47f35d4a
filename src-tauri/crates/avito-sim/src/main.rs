//! `avito-sim`: see [`avito_sim`].

fn main() -> std::process::ExitCode {
    avito_sim::program::main()
}
