fn run(name: &str) {
    // ruleid: shell
    Command::new("sh").arg("-c").arg(format!("rm {name}"));
    // ruleid: shell
    std::process::Command::new("bash").status();
    // ruleid: shell
    cmd!(sh, "sh -c {name}");
    // ok: shell
    Command::new("rm").arg(name);
    // ok: shell
    cmd!(sh, "rm {name}");
}
