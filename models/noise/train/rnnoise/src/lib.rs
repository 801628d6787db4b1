//! `denoise(x, count, y)`: RNNoise over whole frames of 480 samples at 48 kHz, for `train.py`.

use nnnoiseless::DenoiseState;

/// # Safety
/// `x` and `y` point to `count` samples each and do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn denoise(x: *const f32, count: usize, y: *mut f32) {
    // SAFETY: what the caller promised.
    let (x, y) = unsafe { (std::slice::from_raw_parts(x, count), std::slice::from_raw_parts_mut(y, count)) };
    let mut state = DenoiseState::new();
    for (x, y) in x.chunks_exact(DenoiseState::FRAME_SIZE).zip(y.chunks_exact_mut(DenoiseState::FRAME_SIZE)) {
        state.process_frame(y, x);
    }
}
