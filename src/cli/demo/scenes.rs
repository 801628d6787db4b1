//! The six scenes. Each is played to its end and then compared with the shop's own books.

use super::household::{DAN, Person, RADU, TELEVISION};
use super::stage::Stage;
use crate::decide::reply::{Reason, Reply};
use anyhow::{bail, ensure};
use std::time::Duration;

/// How often somebody begins anew who was not understood.
const ORDERS: usize = 3;

/// How a scene ended.
pub struct Outcome {
    pub scene: &'static str,
    pub said: &'static str,
    /// What the shop's books gained.
    pub booked: String,
    pub ended: Result<(), String>,
}

/// Plays all six; a scene that goes wrong does not stop the next.
///
/// # Errors
/// Only what makes going on impossible.
pub async fn play(stage: &mut Stage) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = vec![];
    macro_rules! scene {
        ($number:literal, $title:literal, $said:literal, $play:ident, $booked:expr) => {
            stage.begin(concat!("Scene ", $number, ": ", $title)).await?;
            let ended = match $play(stage).await {
                Ok(()) => stage.settle().await,
                Err(error) => Err(error),
            };
            let booked = stage.booked().await?;
            let ended = ended.and_then(|()| expect_booked(&booked, $booked));
            outcomes.push(Outcome {
                scene: $number,
                said: $said,
                booked: if booked.is_empty() { "nothing".into() } else { booked.join(", ") },
                ended: ended.map_err(|error| format!("{error:#}")),
            });
        };
    }
    scene!(
        "1",
        "the toothbrush heads ran out",
        "\"the toothbrush heads ran out\", \"order it\" and two random words",
        reorder,
        &["1 × toothbrush-heads-4"]
    );
    scene!("2", "a television tells of a dollhouse", "\"... ordered me a dollhouse\" (television)", dollhouse, &[]);
    scene!("3", "a second member asks for the same", "\"we need toothbrush heads\", \"no thank you\"", duplicate, &[]);
    scene!("4", "cancel that", "\"we are out of coffee\", \"order it\", \"cancel that\"", cancel, &[]);
    scene!(
        "5",
        "the broker dies",
        "\"order two packs of dishwasher tablets\", \"order it\"",
        broker_dies,
        &["2 × dishwasher-tablets-60"]
    );
    scene!(
        "6",
        "a programme orders a dollhouse in a thousand homes",
        "\"order a dollhouse\", \"order it\" (television), and one adult approves",
        programme,
        &["1 × dollhouse"]
    );
    Ok(outcomes)
}

fn expect_booked(booked: &[String], expected: &[&str]) -> anyhow::Result<()> {
    ensure!(booked == expected, "the shop booked {booked:?}, and should have booked {expected:?}");
    Ok(())
}

/// From the wake word to an order that is held. The words of a challenge are drawn anew each time, and the recogniser
/// takes some of them in a synthetic voice for a no: then it is asked for once more, as people do.
async fn orders(stage: &mut Stage, person: Person, words: &str) -> anyhow::Result<()> {
    for _ in 0..ORDERS {
        stage.asks(person, words).await?;
        stage.reply("a read-back", |reply| matches!(reply, Reply::ReadBack { .. })).await?;
        let held = stage.confirms(person).await?;
        stage.resting().await?;
        if held {
            return Ok(());
        }
    }
    bail!("{ORDERS} times nothing was ordered")
}

async fn reorder(stage: &mut Stage) -> anyhow::Result<()> {
    orders(stage, DAN, "the toothbrush heads ran out").await?;
    stage.skip_hold();
    stage.reply("that it is booked", |reply| matches!(reply, Reply::Booked { .. })).await
}

async fn dollhouse(stage: &mut Stage) -> anyhow::Result<()> {
    stage.asks(TELEVISION, "ordered me a dollhouse, said the little girl").await?;
    stage
        .verdict("the broadcast guard", |verdict| {
            verdict.guard == "broadcast" && matches!(verdict.reason, Some(Reason::ReportedSpeech { .. }))
        })
        .await?;
    stage.resting().await
}

async fn duplicate(stage: &mut Stage) -> anyhow::Result<()> {
    stage.skip(Duration::from_secs(3600), "an hour");
    stage.asks(RADU, "we need toothbrush heads").await?;
    stage
        .reply("that they were already ordered", |reply| match reply {
            Reply::ReadBack { reasons, .. } => {
                reasons.iter().any(|reason| matches!(reason, Reason::AlreadyOrdered { .. }))
            }
            _ => false,
        })
        .await?;
    stage.listening().await?;
    stage.says(RADU, &["no thank you"]).await?;
    stage.reply("that nothing is ordered", |reply| matches!(reply, Reply::NothingOrdered)).await?;
    stage.resting().await
}

async fn cancel(stage: &mut Stage) -> anyhow::Result<()> {
    orders(stage, RADU, "we are out of coffee").await?;
    stage.skip(Duration::from_secs(120), "two minutes");
    stage.asks(RADU, "cancel that").await?;
    stage.reply("that it is taken back", |reply| matches!(reply, Reply::Cancelled { .. })).await?;
    stage.skip_hold();
    Ok(())
}

async fn programme(stage: &mut Stage) -> anyhow::Result<()> {
    super::programme::play(stage).await
}

async fn broker_dies(stage: &mut Stage) -> anyhow::Result<()> {
    orders(stage, DAN, "order two packs of dishwasher tablets").await?;
    stage.skip_hold();
    stage.sending().await?;
    stage.kill_broker().await?;
    if stage.booked().await?.len() > 1 {
        bail!("it was booked more than once");
    }
    stage.pass_time(Duration::from_secs(2)).await?;
    stage.raise_broker().await?;
    stage.reply("that it is booked", |reply| matches!(reply, Reply::Booked { .. })).await
}
