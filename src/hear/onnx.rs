//! Networks in ONNX files, run by `rten`.

use rten::{Model, RunOptions, ThreadPool, Value, ValueView};
use std::sync::{Arc, LazyLock};

/// One thread for all the networks: a hop takes milliseconds, and the other cores of a small
/// board have other work.
static POOL: LazyLock<Arc<ThreadPool>> = LazyLock::new(|| Arc::new(ThreadPool::with_num_threads(1)));

/// One network. Cheap to clone.
#[derive(Clone)]
pub(super) struct Net {
    model: Arc<Model>,
}

impl Net {
    /// # Errors
    /// No ONNX model, or one with something in it that `rten` can't compute.
    pub(super) fn load(bytes: Vec<u8>) -> anyhow::Result<Net> {
        Ok(Net { model: Arc::new(Model::load(bytes)?) })
    }

    /// `input`: as many numbers as `shape` holds.
    ///
    /// # Errors
    /// The network does not take that shape, or has more than one input or output.
    pub(super) fn run(&self, shape: &[usize], input: &[f32]) -> anyhow::Result<Value> {
        let input = ValueView::from_shape(shape, input)?;
        let options = RunOptions::default().with_thread_pool(Some(POOL.clone()));
        Ok(self.model.run_one(input.into(), Some(options))?)
    }
}
