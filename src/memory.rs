//! Memory as Linux counts it.

/// In a text such as `/proc/self/status` or `/proc/meminfo`, the value of the line that begins with `name`, KiB.
pub fn kib(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

/// The largest resident set of this process so far, KiB, where the system says so.
pub fn own_peak_kib() -> Option<u64> {
    kib(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}
