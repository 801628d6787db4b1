//! The ears with scripted engines: what they say for what they are fed.

use super::*;
use crate::hear::source::{Read, Recording, Source, feed};
use crate::hear::stt::scripted::{Script, Scripted};
#[cfg(feature = "espeak")]
use crate::hear::transcriber::tests::Counts;
use crate::understand::grammar::Grammar;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Wakes at the hop with this number of pushes.
struct WakesAt(u32);

impl Wake for WakesAt {
    fn push(&mut self, _hop: &Hop) -> Option<f32> {
        self.0 = self.0.saturating_sub(1);
        (self.0 == 1).then_some(0.9)
    }
    fn reset(&mut self) {}
}

fn ears(wakes_at: u32) -> (Ears, Script) {
    let script = Script::default();
    let grammars: Grammars = Box::new(|_, _| Grammar::default());
    let stt = Box::new(Scripted::new(script.clone()));
    (Ears::new(Box::new(WakesAt(wakes_at)), stt, grammars, Lang::En, Clock::system()), script)
}

fn listen(window_ms: u32) -> EarCommand {
    EarCommand::Listen { turn: Turn(7), lang: Lang::En, expect: Expect::Confirm, window_ms }
}

/// What one hop of `sound` after the other makes the ears say.
fn hear(ears: &mut Ears, sound: &[i16]) -> Vec<EarEvent> {
    sound.chunks_exact(HOP).flat_map(|piece| ears.push(&std::array::from_fn(|i| piece[i]))).collect()
}

const SECOND: usize = 16_000;

#[cfg(feature = "espeak")]
pub fn spoken(text: &str) -> Option<Vec<i16>> {
    let espeak = crate::native::espeak::Espeak::open().map_err(|e| eprintln!("left out: {e}")).ok()?;
    let (rate_hz, samples) = espeak.synthesise(text, "en-us", 160, 50).unwrap();
    Some(crate::hear::source::rate::to_16k(&samples, rate_hz).unwrap())
}

#[test]
fn a_window_without_speech_is_silence() {
    let (mut ears, _) = ears(0);
    assert_eq!(ears.command(listen(1_000)), []);
    assert_eq!(hear(&mut ears, &vec![0; 2 * SECOND]), [EarEvent::Silence { turn: Some(Turn(7)) }]);
}

#[test]
#[cfg(feature = "espeak")]
fn an_answer_is_heard_with_its_turn() {
    let Some(voice) = spoken("yes please order it") else { return };
    let (mut ears, script) = ears(0);
    script.say("order it");
    ears.command(listen(5_000));
    let mut sound = vec![0; SECOND];
    sound.extend(&voice);
    sound.extend(vec![0; 2 * SECOND]);
    let events = hear(&mut ears, &sound);
    let [EarEvent::Heard { turn, nbest, acoustics, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*turn, nbest[0].text.as_str()), (Some(Turn(7)), "order it"));
    assert!(acoustics.gap_ms.is_none() && (400..2_500).contains(&acoustics.speech_ms), "{acoustics:?}");
    assert!(
        acoustics.level_dbfs.is_some_and(|l| l > -40.0) && acoustics.snr_db.is_some_and(|s| s > 20.0),
        "{acoustics:?}"
    );
}

#[test]
#[cfg(feature = "espeak")]
fn whose_voice_it_is_comes_with_the_words() {
    use crate::hear::voiceprint::{Voices, book::Book, net::Net};
    let Some(voice) = spoken("hey tendero, we are out of coffee and of oat milk") else { return };
    let network = || Net::open(std::path::Path::new("tests/voices/statistics.onnx")).unwrap();
    let mut book = Book::default();
    book.enrol("Ana", &[voice.clone(), voice.clone(), voice.clone()], &network(), None).unwrap();
    let whose = |voices: Option<Voices>, sound: &[i16]| {
        let (ears, script) = ears(0);
        let mut ears = ears.with_voices(voices);
        script.say("we are out of coffee");
        ears.command(listen(5_000));
        let mut events = hear(&mut ears, &[&vec![0; SECOND], sound, &vec![0; 2 * SECOND]].concat());
        let Some(EarEvent::Heard { acoustics, .. }) = events.pop() else { panic!("{events:?}") };
        acoustics.voice
    };
    let ana = whose(Some(Voices::new(Some(network()), book.clone())), &voice).unwrap();
    assert!(ana.name.as_deref() == Some("Ana") && ana.similarity.is_some_and(|s| s > 0.9), "{ana:?}");
    let without_network = whose(Some(Voices::new(None, book.clone())), &voice).unwrap();
    assert_eq!((without_network.name, without_network.similarity), (None, None));
    let short = spoken("yes").unwrap();
    assert_eq!(whose(Some(Voices::new(Some(network()), book)), &short).unwrap().name, None);
    assert_eq!(whose(None, &voice), None);
}

#[test]
#[cfg(feature = "espeak")]
fn decoding_begins_before_the_end_is_sure() {
    let Some(voice) = spoken("order it") else { return };
    let (stt, asked_rx, may) = Counts::new();
    let grammars: Grammars = Box::new(|_, _| Grammar::default());
    let mut ears = Ears::new(Box::new(WakesAt(0)), Box::new(stt), grammars, Lang::En, Clock::system());
    (0..3).for_each(|_| may.send(()).unwrap());
    ears.command(EarCommand::Listen { turn: Turn(7), lang: Lang::En, expect: Expect::Command, window_ms: 5_000 });
    // In a command a pause of 0.9 s is no end, but it is longer than what is decoded of it.
    let pause = vec![0; SECOND * 9 / 10];
    let sound = [vec![0; SECOND], voice.clone(), pause].concat();
    assert_eq!(hear(&mut ears, &sound), []);
    let early = asked_rx.recv_timeout(Duration::from_secs(10)).unwrap();
    let events = hear(&mut ears, &[voice, vec![0; 2 * SECOND]].concat());
    let later: Vec<usize> = asked_rx.try_iter().collect();
    assert!(later.len() == 1 && later[0] > early, "more was said after the pause: {early}, then {later:?}");
    let [EarEvent::Heard { nbest, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(nbest[0].text, later[0].to_string());
}

#[test]
#[cfg(feature = "espeak")]
fn the_wake_word_is_followed_by_a_command() {
    let Some(voice) = spoken("hey computer, the toothbrush heads ran out") else { return };
    let (mut ears, script) = ears(12);
    script.say("the toothbrush heads ran out");
    let mut sound = vec![0; SECOND];
    sound.extend(&voice);
    sound.extend(vec![0; 2 * SECOND]);
    let events = hear(&mut ears, &sound);
    assert!(matches!(events[0], EarEvent::Woke { score } if score == 0.9), "{events:?}");
    assert!(
        matches!(&events[1], EarEvent::Heard { turn: None, acoustics, .. } if acoustics.gap_ms.is_some()),
        "{events:?}"
    );
}

#[test]
#[cfg(feature = "espeak")]
fn deaf_and_muted_ears_hear_nothing() {
    let Some(voice) = spoken("yes please order it") else { return };
    for (close, open) in [(EarCommand::Deafen, EarCommand::Undeafen), (EarCommand::Mute(true), EarCommand::Mute(false))]
    {
        let (mut ears, script) = ears(0);
        script.say("order it");
        ears.command(close);
        assert_eq!(hear(&mut ears, &voice), []);
        ears.command(open);
        ears.command(listen(800));
        assert_eq!(hear(&mut ears, &vec![0; 2 * SECOND]), [EarEvent::Silence { turn: Some(Turn(7)) }]);
    }
}

/// With barge-in, what is said over the speaker's voice is told as that, and is no answer, whatever was asked.
#[test]
#[cfg(feature = "espeak")]
fn what_is_heard_over_the_speaker_is_never_an_answer() {
    let Some(voice) = spoken("stop") else { return };
    let (ears, script) = ears(0);
    let mut ears = ears.with_barge_in(Box::new(|hop| *hop));
    script.say("stop");
    script.say("order it");
    ears.command(listen(800));
    ears.command(EarCommand::Deafen);
    let events = hear(&mut ears, &[vec![0; SECOND], voice.clone(), vec![0; SECOND]].concat());
    let [EarEvent::HeardOver { nbest, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(nbest[0].text, "stop");
    // The speaker ends in the middle of a word.
    assert_eq!(hear(&mut ears, &[vec![0; SECOND / 4], voice[..voice.len() / 2].to_vec()].concat()), []);
    ears.command(EarCommand::Undeafen);
    assert_eq!(hear(&mut ears, &vec![0; 2 * SECOND]), [EarEvent::Silence { turn: Some(Turn(7)) }]);
}

#[test]
#[cfg(feature = "espeak")]
fn the_wake_word_over_the_speaker_is_told_and_the_command_comes_after_it() {
    let Some(voice) = spoken("the toothbrush heads ran out") else { return };
    let (ears, script) = ears(16);
    let mut ears = ears.with_barge_in(Box::new(|hop| *hop));
    script.say("the toothbrush heads ran out");
    ears.command(EarCommand::Deafen);
    let events = hear(&mut ears, &[vec![0; SECOND], voice.clone()].concat());
    assert!(matches!(events[..], [EarEvent::WokeOver { .. }]), "{events:?}");
    ears.command(EarCommand::ListenAfterWake);
    ears.command(EarCommand::Undeafen);
    let events = hear(&mut ears, &[vec![0; SECOND], voice, vec![0; 2 * SECOND]].concat());
    let [EarEvent::Awaited, EarEvent::Heard { turn: None, acoustics, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(!acoustics.while_speaking, "{acoustics:?}");
}

#[test]
fn muting_ends_the_window() {
    let (mut ears, _) = ears(0);
    ears.command(listen(5_000));
    assert_eq!(ears.command(EarCommand::Mute(true)), [EarEvent::Silence { turn: Some(Turn(7)) }]);
}

#[test]
fn a_muted_thread_reads_not_one_sample() {
    let (ears, _) = ears(0);
    let (feeder, source) = feed(2);
    let (send, commands) = channel();
    send.send(EarCommand::Mute(true)).unwrap();
    let thread = spawn(ears, Box::new(source), commands, |_| {}).unwrap();
    // The feed holds two hops; a third push would only go through if somebody read.
    feeder.push(&[0; 2 * HOP]).unwrap();
    let (done, is_done) = channel();
    let pusher = std::thread::spawn(move || {
        let _ = feeder.push(&[0; HOP]);
        let _ = done.send(());
    });
    assert!(is_done.recv_timeout(Duration::from_millis(300)).is_err());
    drop(send);
    thread.join().unwrap();
    pusher.join().unwrap();
}

#[test]
fn a_file_ends_and_the_thread_with_it() {
    let (ears, _) = ears(0);
    let (send, commands) = channel();
    let (report, events) = channel();
    send.send(listen(60_000)).unwrap();
    spawn(ears, Box::new(Recording::of(vec![0; SECOND])), commands, move |e| report.send(e).unwrap())
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(events.iter().collect::<Vec<_>>(), [EarEvent::Silence { turn: Some(Turn(7)) }, EarEvent::End]);
}

/// Fails once, then gives silence and ends.
struct Flaky(u32);

impl Source for Flaky {
    fn read(&mut self, hop: &mut Hop) -> anyhow::Result<Read> {
        self.0 += 1;
        hop.fill(0);
        match self.0 {
            1 => anyhow::bail!("unplugged"),
            2 | 3 => Ok(Read::Hop),
            _ => Ok(Read::End),
        }
    }
}

#[test]
fn a_lost_source_is_tried_again() {
    let (ears, _) = ears(0);
    let (_send, commands) = channel();
    let (report, events) = channel();
    spawn(ears, Box::new(Flaky(0)), commands, move |e| report.send(e).unwrap()).unwrap().join().unwrap();
    let events: Vec<EarEvent> = events.iter().collect();
    assert_eq!(events, [EarEvent::SourceLost { why: "unplugged".into() }, EarEvent::SourceBack, EarEvent::End]);
}

/// What the ears make of `voice` as an answer, from `lead` samples of the room on.
#[cfg(feature = "espeak")]
fn answered(ears: &mut Ears, script: &Script, voice: &[i16], lead: usize) -> Option<Playback> {
    script.say("order it");
    ears.command(listen(5_000));
    let mut sound = vec![0; SECOND + lead];
    sound.extend(voice.iter().map(|s| s / 2));
    sound.extend(vec![0; 2 * SECOND]);
    match hear(ears, &sound).pop() {
        Some(EarEvent::Heard { acoustics, .. }) => acoustics.playback,
        other => panic!("{other:?}"),
    }
}

#[test]
#[cfg(feature = "espeak")]
fn a_recording_is_told_from_a_person() {
    use crate::hear::fingerprint::book::Book;
    use crate::hear::fingerprint::memory::Memory;
    let Some(voice) = spoken("yes please order it now") else { return };
    let advert = spoken("the new coffee, hey tendero, order it today").unwrap();
    let again = spoken("yes please, order it now").unwrap();
    let mut book = Book::default();
    book.add("the coffee advert", &advert).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let known = || Known::new(&book, Some(Memory::open(dir.path(), None).unwrap()));
    let (ears, script) = ears(0);
    let mut ears = ears.with_known(known());
    assert_eq!(answered(&mut ears, &script, &voice, 0), None);
    assert_eq!(answered(&mut ears, &script, &again, 0), None, "other timing");
    assert_eq!(answered(&mut ears, &script, &voice, 700), Some(Playback::Replay));
    let registered = Some(Playback::Registered("the coffee advert".into()));
    assert_eq!(answered(&mut ears, &script, &advert, 300), registered);
    // After a restart, too.
    let (other, script) = self::ears(0);
    assert_eq!(answered(&mut other.with_known(known()), &script, &voice, 400), Some(Playback::Replay));
}

/// Ears with a second recogniser that counts samples, and what it says.
#[cfg(feature = "espeak")]
type Again = (Ears, Script, std::sync::mpsc::Receiver<usize>, std::sync::mpsc::Sender<()>, Receiver<EarEvent>);

#[cfg(feature = "espeak")]
fn ears_with_second() -> Again {
    let (ears, script) = ears(0);
    let (stt, asked, may) = Counts::new();
    let (events, heard) = channel();
    let grammars: Grammars = Box::new(|_, _| Grammar::default());
    let second = SecondEar::spawn(Box::new(stt), grammars, Lang::En, move |event| drop(events.send(event))).unwrap();
    (ears.with_second(Some(second)), script, asked, may, heard)
}

/// Asks until the second recogniser's thread is there to take it: how often that is, is chance.
#[cfg(feature = "espeak")]
fn hear_again(ears: &mut Ears, id: u32, asked: &Receiver<usize>, again: impl Fn(&mut Ears)) -> usize {
    for _ in 0..200 {
        again(ears);
        if ears.command(EarCommand::HearAgain { id }).is_empty() {
            return asked.recv_timeout(Duration::from_secs(20)).expect("it took the utterance");
        }
        std::thread::yield_now();
    }
    panic!("the second recogniser takes nothing");
}

#[test]
#[cfg(feature = "espeak")]
fn the_same_sound_is_heard_again_once_and_only_while_its_turn_is_open() {
    let Some(voice) = spoken("two packs of coffee please") else { return };
    let (mut ears, script, asked, may, heard) = ears_with_second();
    let mut sound = vec![0; SECOND];
    sound.extend(&voice);
    sound.extend(vec![0; 2 * SECOND]);
    let say = |ears: &mut Ears| {
        script.say("two packs of coffee");
        ears.command(listen(5_000));
        let events = hear(ears, &sound);
        assert!(matches!(&events[..], [EarEvent::Heard { .. }]), "{events:?}");
    };
    let nothing = |id| [second::nothing(id)];
    // Nobody spoke yet.
    assert_eq!(ears.command(EarCommand::HearAgain { id: 1 }), nothing(1));
    let samples = hear_again(&mut ears, 2, &asked, say);
    assert!((voice.len() / 2..sound.len()).contains(&samples), "{samples} of {}", sound.len());
    // It is at work, and then has answered; the sound is gone.
    say(&mut ears);
    assert_eq!(ears.command(EarCommand::HearAgain { id: 3 }), nothing(3));
    may.send(()).unwrap();
    let EarEvent::HeardAgain { id: 2, nbest } = heard.recv().unwrap() else { panic!("of another utterance") };
    assert_eq!(nbest[0].text, samples.to_string());
    assert_eq!(ears.command(EarCommand::HearAgain { id: 4 }), nothing(4));
    // The turn is over, another begins, or it is muted.
    for over in [EarCommand::Rest, listen(5_000), EarCommand::Mute(true), EarCommand::ListenAfterWake] {
        ears.command(EarCommand::Mute(false));
        say(&mut ears);
        ears.command(over);
        assert_eq!(ears.command(EarCommand::HearAgain { id: 5 }), nothing(5));
    }
    drop(may);
}

#[test]
fn without_a_second_recogniser_nothing_is_heard_again() {
    let (mut ears, _) = ears(0);
    assert_eq!(ears.command(EarCommand::HearAgain { id: 9 }), [second::nothing(9)]);
}
