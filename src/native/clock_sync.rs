//! Whether somebody sets this machine's clock by others: what the kernel knows of it. Never sets it.

/// Has a time service (systemd-timesyncd, chrony, ntpd) set the clock, and does it go on? `None`: the system does not say.
#[cfg(target_os = "linux")]
pub fn is_synchronised() -> Option<bool> {
    // SAFETY: all zeros is a valid `timex`, and asks for nothing to be changed.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: a valid, writable `timex`, which the call fills and does not keep.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    (state >= 0).then_some(state != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0)
}

#[cfg(not(target_os = "linux"))]
pub fn is_synchronised() -> Option<bool> {
    None
}
