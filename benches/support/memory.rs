//! Memory of a process, as Linux counts it.

/// A line of its status, such as `VmRSS:`, KiB; 0 where there is no such process or line. `of`: its process id, or `self`.
pub fn memory_kib(of: &str, line: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{of}/status")).unwrap_or_default();
    tendero::memory::kib(&status, line).and_then(|kib| kib.try_into().ok()).unwrap_or(0)
}
