//! `tendero demo`: six scenes, with everything real but the air between mouth and microphone.
//!
//! A broker in a process of its own, the reference shop, and the daemon as `tendero run`
//! starts it. The household's part is spoken by espeak-ng in other voices than the speaker's,
//! mixed into room noise, and enters where a microphone would. Nothing here looks into the
//! daemon but through its traces, and what was ordered is read from the shop's own books. The last
//! scene has a thousand homes more, which are clients of the broker without a daemon.

mod broker;
mod homes;
mod household;
mod programme;
mod room;
mod scenes;
mod stage;
mod tape;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Use this MQTT 5 broker (mqtt://HOST:PORT) instead of one of the demo's own.
    #[arg(long, value_name = "URL")]
    broker: Option<String>,
    /// Play it at its own pace on the sound card.
    #[arg(long)]
    listen: bool,
    /// Where the recording of the whole conversation goes.
    #[arg(long, value_name = "FILE", default_value = "demo.wav")]
    wav: PathBuf,
    /// The folder with the wake word's front-end networks.
    #[arg(long, value_name = "DIR", default_value = "runtime/wake")]
    wake_models: PathBuf,
    /// The seed of the room noise.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    super::init_logs("error");
    super::block_on(async {
        let mut stage = stage::Stage::set(&args).await?;
        let outcomes = scenes::play(&mut stage).await?;
        stage.close(&args.wav).await?;
        let all_well = terminal::closing_table(&outcomes, &args.wav);
        Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
