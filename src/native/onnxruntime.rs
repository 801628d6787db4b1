//! ONNX Runtime, looked at before the crate `ort` opens it: that one waits for ever, or ends the program, where the library is missing
//! or too old.

use anyhow::{Context, ensure};
use libloading::Library;
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

/// How to get it.
pub const INSTALL: &str = "scripts/fetch-onnxruntime.sh /opt/onnxruntime brings it; name its path, /opt/onnxruntime/libonnxruntime.so, in [tts] onnxruntime";

/// `OrtApiBase` of onnxruntime_c_api.h, the same since its first version.
#[repr(C)]
struct ApiBase {
    get_api: unsafe extern "C" fn(u32) -> *const c_void,
    get_version_string: unsafe extern "C" fn() -> *const c_char,
}

/// Can the library at `path`, or of that name, be opened, and does it have the functions of version 1.`minor`? Returns its version.
///
/// # Errors
/// It can't be opened, is another library, or too old; how to get one that fits.
pub fn version(path: &Path, minor: u32) -> anyhow::Result<String> {
    // SAFETY: the library's initialisers touch none of our state; `ort` opens the same one right after.
    let library = unsafe { Library::new(path) }
        .map_err(|e| anyhow::anyhow!("the library {} can't be opened ({e}); {INSTALL}", path.display()))?;
    let wrong = || format!("{} is no ONNX Runtime; {INSTALL}", path.display());
    // SAFETY: name and signature are those of onnxruntime_c_api.h; the structure that it returns lives as long as the library, and is
    // not used after it.
    let (version, has_api) = unsafe {
        let base = *library.get::<unsafe extern "C" fn() -> *const ApiBase>(b"OrtGetApiBase\0").with_context(wrong)?;
        let base = base().as_ref().with_context(wrong)?;
        let version = CStr::from_ptr((base.get_version_string)()).to_string_lossy().into_owned();
        let known: u32 = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0);
        // An older library complains on standard error when it is asked for more than it has.
        let has_api = known >= minor && !(base.get_api)(minor).is_null();
        (version, has_api)
    };
    ensure!(has_api, "{} is ONNX Runtime {version}, and 1.{minor} or newer is needed; {INSTALL}", path.display());
    Ok(version)
}
